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
  const entries = readAll(ownEntries(text), file) ?? readAll(await readAnyYaml(text, file), file) ?? []
  return { entries, comments }
}

/** Undefined where what is read turns out not to be as fleet writes it. Throws what is wrong with the entries. */
function readAll(raw: Iterable<RawEntry | undefined>, file: string): readonly Entry[] | undefined {
  const entries: Entry[] = []
  const wrong: Finding[] = []
  for (const one of raw) {
    if (!one) return undefined
    const read = readEntry(one.fields)
    if ('code' in read) wrong.push({ ...read, severity: 'error', at: { file, line: one.line } })
    else entries.push(read)
  }
  if (wrong.length > 0) throw new FleetErrors(wrong.slice(0, 10))
  return entries
}

/** Not even loaded for what fleet wrote. */
async function readAnyYaml(text: string, file: string): Promise<readonly RawEntry[]> {
  const { readYamlLedger } = await import('./ledger-yaml.ts')
  return readYamlLedger(text, file)
}

const START = /^- address: (.+)$/
const FIELD = /^ {2}(until|direction|reason|by|at|limit|evenSo|lifted): (.+)$/

/**
 * One after the other, so that the text is never held twice in pieces; what a list has in common is kept once.
 * Undefined, and nothing more, where a line isn't as fleet writes it.
 */
function* ownEntries(text: string): Generator<RawEntry | undefined> {
  const last = new Map<string, { readonly text: string; readonly value: unknown }>()
  const read = (name: string, value: string): unknown => {
    const known = last.get(name)
    if (known?.text === value) return known.value
    const made = scalar(value)
    last.set(name, { text: value, value: made })
    return made
  }
  let entry: { line: number; fields: Record<string, unknown> } | undefined
  let line = 0
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const one = text.slice(at, end < 0 ? text.length : end)
    at = end < 0 ? text.length : end + 1
    line += 1
    if (one === '' || (one.startsWith('#') && !entry) || one === '[]') continue
    const [, name = 'address', value] = FIELD.exec(one) ?? ['', undefined, START.exec(one)?.[1]]
    const scalar = value === undefined ? undefined : read(name, value)
    if (scalar === undefined) {
      yield undefined
      return
    }
    if (name === 'address') {
      if (entry) yield entry
      entry = { line, fields: { address: scalar } }
    } else if (entry && !Object.hasOwn(entry.fields, name)) entry.fields[name] = scalar
    else {
      yield undefined
      return
    }
  }
  if (entry) yield entry
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

/** The whole file in pieces: the same entries give the same text, however they came about. */
export function* printLedger(entries: readonly Entry[], comments: string): Generator<string> {
  yield comments.trim() === '' ? HEADING : comments.replace(/\n*$/, '\n')
  if (entries.length === 0) yield '[]\n'
  const sorted = sortEntries(entries)
  for (let at = 0; at < sorted.length; at += PIECE)
    yield sorted
      .slice(at, at + PIECE)
      .map(printEntry)
      .join('')
}

/** Entries of one piece: a long list never stands in memory as text. */
const PIECE = 1000

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
