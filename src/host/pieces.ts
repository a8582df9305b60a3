import { createHash } from 'node:crypto'

/** The parts of an answer or a bundle, by name. */
export type Pieces = ReadonlyMap<string, string>

/** The pieces of an answer; undefined if its end is missing: then nothing in it counts. */
export function readPieces(text: string, marker: string): Pieces | undefined {
  const pieces = new Map<string, string>()
  const [, ...parts] = `\n${text}`.split(`\n@@${marker} `)
  for (const part of parts) {
    const end = part.indexOf('\n')
    const name = end < 0 ? part : part.slice(0, end)
    if (name === 'end') return pieces
    pieces.set(name, end < 0 ? '' : `${part.slice(end + 1)}\n`)
  }
  return undefined
}

/** The exit code as the program's own shell saw it; undefined where it isn't told, or isn't the last thing said. */
export function readCode(text: string, marker: string): number | undefined {
  const start = `@@${marker} code `
  const last = text.slice(text.trimEnd().lastIndexOf('\n') + 1)
  return last.startsWith(start) ? Number(last.slice(start.length)) : undefined
}

/** `key=value` lines; a key that comes twice gives all its values. */
export function readFacts(piece = ''): ReadonlyMap<string, readonly string[]> {
  const facts = new Map<string, string[]>()
  for (const line of piece.split('\n')) {
    const at = line.indexOf('=')
    if (at < 1) continue
    const values = facts.get(line.slice(0, at)) ?? []
    facts.set(line.slice(0, at), [...values, line.slice(at + 1)])
  }
  return facts
}

export interface Bundle {
  readonly text: string
  /** sha256 of the manifest: given as an argument, so that one check on the host covers every byte. */
  readonly manifestHash: string
}

/** Files for a host on one standard input, with a manifest of their sha256 sums. Each file ends with a newline or is empty. */
export function makeBundle(files: Readonly<Record<string, string>>, marker: string): Bundle {
  const whole = Object.entries(files).map(([name, text]) => [name, endLine(text)] as const)
  const manifest = whole.map(([name, text]) => `${sha256(text)}  ${name}\n`).join('')
  const parts = [...whole, ['manifest', manifest] as const].map(
    ([name, text]) => `@@${marker} ${name}\n${text}`,
  )
  return { text: `${parts.join('')}@@${marker} end\n`, manifestHash: sha256(manifest) }
}

const endLine = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** Texts whose sums are kept, and how long those may be: hosts that are alike get the same ones. */
const KEPT = 200
const LONGEST = 50_000

const sums = new Map<string, string>()

export function sha256(text: string | Uint8Array): string {
  if (typeof text !== 'string' || text.length > LONGEST) return digest(text)
  const sum = sums.get(text) ?? digest(text)
  // What was asked for last goes last.
  sums.delete(text)
  sums.set(text, sum)
  if (sums.size > KEPT) sums.delete(sums.keys().next().value ?? '')
  return sum
}

const digest = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
