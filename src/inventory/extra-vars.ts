import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Finding } from '../model/finding.ts'
import type { Variable } from '../model/value.ts'
import { hideJinja } from './opaque.ts'
import { parseVariables } from './yaml-file.ts'

interface ExtraVars {
  readonly variables: Map<string, Variable>
  readonly findings: Finding[]
}

/** Reads each `-e`: `k=v k2="a b"` (always text), `@file`, or inline YAML or JSON. The later wins. */
export async function readExtraVars(texts: readonly string[], cwd: string): Promise<ExtraVars> {
  const variables = new Map<string, Variable>()
  const findings: Finding[] = []
  for (const text of texts) {
    const read = await readOne(text.trim(), cwd)
    findings.push(...read.findings)
    for (const [name, variable] of read.variables) variables.set(name, variable)
  }
  return { variables, findings }
}

async function readOne(text: string, cwd: string): Promise<ExtraVars> {
  if (text.startsWith('@')) return readVariablesFile(text.slice(1), cwd)
  if (/^[[{]/.test(text)) return parseVariables(text, COMMAND_LINE.file)
  if (/^[./]/.test(text)) return fault('extra-vars-needs-at', text)
  return readAssignments(text)
}

async function readVariablesFile(file: string, cwd: string): Promise<ExtraVars> {
  try {
    return parseVariables(await readFile(resolve(cwd, file), 'utf8'), file)
  } catch (error) {
    return fault('extra-vars-no-file', file, error instanceof Error ? error.message : String(error))
  }
}

/** Where a variable of the command line is said to stand. */
const COMMAND_LINE = { file: '--extra-vars' }

function readAssignments(text: string): ExtraVars {
  const variables = new Map<string, Variable>()
  const findings: Finding[] = []
  for (const word of splitKeepingQuotes(text)) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(word) ?? []
    if (name === '') findings.push(...fault('extra-vars-bad-word', word).findings)
    else variables.set(name, { value: hideJinja(unquote(value)), at: COMMAND_LINE })
  }
  return { variables, findings }
}

/** Splits at spaces outside of quotes and of Jinja's braces. */
function splitKeepingQuotes(text: string): string[] {
  return text.match(/(?:\{\{.*?\}\}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\S)+/gs) ?? []
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(value)?.[2]
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
  return (quoted ?? value).replaceAll(/\\([\\'"ntr])/g, (_, letter: string) => escapes[letter] ?? letter)
}

function fault(code: string, text: string, cause = ''): ExtraVars {
  const finding: Finding = { code, severity: 'error', args: { text, cause }, at: COMMAND_LINE }
  return { variables: new Map(), findings: [finding] }
}
