import { FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { type Entry, sortEntries } from './entry.ts'
import { type RawEntry, readEntry } from './ledger-entry.ts'

/** A ledger as it was read, with the comments that stand above its entries. */
export interface LedgerText {
  readonly entries: readonly Entry[]
  readonly comments: string
}

const HEADING = `# What is blocked on the hosts of this inventory. Written by \`fleet block\` and \`fleet unblock\`; keep it in git.
# Comments stay up here only.
`

/**
 * Reads blocks.yml. What fleet wrote itself is read line by line: a list may have a hundred thousand entries, for which
 * a reader of all of YAML takes half a minute and a gigabyte. Throws `FleetErrors` with all that is wrong.
 */
export async function readLedgerText(text: string, file: string): Promise<LedgerText> {
  const comments = /^(?:#.*\n|\s*\n)*/.exec(text)?.[0] ?? ''
  const raw = readOwn(text) ?? (await readAnyYaml(text, file))
  const wrong: Finding[] = []
  const entries: Entry[] = []
  for (const { line, fields } of raw) {
    const read = readEntry(fields)
    if ('code' in read) wrong.push({ ...read, severity: 'error', at: { file, line } })
    else entries.push(read)
  }
  if (wrong.length > 0) throw new FleetErrors(wrong.slice(0, 10))
  return { entries, comments }
}

/** Not even loaded for what fleet wrote. */
async function readAnyYaml(text: string, file: string): Promise<readonly RawEntry[]> {
  const { readYamlLedger } = await import('./ledger-yaml.ts')
  return readYamlLedger(text, file)
}

const START = /^- address: (.+)$/
const FIELD = /^ {2}(until|direction|reason|by|at|limit|evenSo|lifted): (.+)$/

/** Undefined where a line isn't as fleet writes it. */
function readOwn(text: string): readonly RawEntry[] | undefined {
  const all: { line: number; fields: Record<string, unknown> }[] = []
  let line = 0
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const one = text.slice(at, end < 0 ? text.length : end)
    at = end < 0 ? text.length : end + 1
    line += 1
    if (one === '' || (one.startsWith('#') && all.length === 0) || one === '[]') continue
    const address = START.exec(one)?.[1]
    if (address !== undefined) {
      const read = scalar(address)
      if (read === undefined) return undefined
      all.push({ line, fields: { address: read } })
      continue
    }
    const [, name, value] = FIELD.exec(one) ?? []
    const fields = all.at(-1)?.fields
    if (!fields || name === undefined || value === undefined || Object.hasOwn(fields, name)) return undefined
    const read = scalar(value)
    if (read === undefined) return undefined
    fields[name] = read
  }
  return all
}

/** A word, or JSON, which YAML contains; undefined for anything else. */
function scalar(text: string): unknown {
  if (/^[\w.@/:-]+$/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The whole file: the same entries give the same text, however they came about. */
export function printLedger(entries: readonly Entry[], comments: string): string {
  const head = comments.trim() === '' ? HEADING : comments.replace(/\n*$/, '\n')
  return head + (entries.length === 0 ? '[]\n' : sortEntries(entries).map(printEntry).join(''))
}

function printEntry(entry: Entry): string {
  const { address, direction, until, reason, by, at, limit, evenSo, lifted } = entry
  const lines = [
    `- address: ${quoted(address)}`,
    `  until: ${until === 0 ? 'never' : new Date(until * 1000).toISOString().replace('.000Z', 'Z')}`,
    ...(direction === 'both' ? [] : [`  direction: ${direction}`]),
    ...(reason === undefined ? [] : [`  reason: ${JSON.stringify(reason)}`]),
    `  by: ${quoted(by)}`,
    `  at: ${new Date(at).toISOString()}`,
    ...(limit === undefined ? [] : [`  limit: ${JSON.stringify(limit)}`]),
    ...(evenSo.length === 0 ? [] : [`  evenSo: ${JSON.stringify(evenSo)}`]),
    ...(lifted
      ? [`  lifted: ${JSON.stringify({ by: lifted.by, at: new Date(lifted.at).toISOString() })}`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Words that are nothing else to any reader of YAML; an IPv6 address may be, with its colons. */
const quoted = (text: string): string =>
  /^[a-z][\w.-]*@[\w.-]+$/i.test(text) || /^\d+(?:\.\d+){3}(?:[/-][\d.]+)?$/.test(text)
    ? text
    : JSON.stringify(text)
