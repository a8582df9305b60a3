import { stat } from 'node:fs/promises'
import type { Finding } from '../model/finding.ts'

/** Decodes UTF-8 line by line: comments may hold anything, any other line that isn't UTF-8 is a finding. */
export function decodeLines(bytes: Buffer, file: string): { text: string; findings: Finding[] } {
  const whole = decode(bytes)
  if (whole !== undefined) return { text: whole, findings: [] }
  const findings: Finding[] = []
  const lines = bytes
    .toString('latin1')
    .split('\n')
    .map((line, index) => {
      if (/^\s*[#;]/.test(line)) return ''
      const text = decode(Buffer.from(line, 'latin1'))
      if (text === undefined) {
        findings.push({
          code: 'inventory-not-utf8',
          severity: 'error',
          args: {},
          at: { file, line: index + 1 },
        })
      }
      return text ?? ''
    })
  return { text: lines.join('\n'), findings }
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A link that leads nowhere is no folder: reading it as a file tells what is wrong. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}
