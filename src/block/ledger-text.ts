import { FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Entry } from './entry.ts'
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
 * Reads blocks.yml. What fleet wrote itself is read entry by entry: a list may have a hundred thousand of them, for which
 * a reader of all of YAML takes half a minute and a gigabyte. Throws `FleetErrors` with all that is wrong.
 */
export async function readLedgerText(bytes: Buffer, file: string): Promise<LedgerText> {
  const head = bytes.toString('utf8', 0, endOfHead(bytes))
  const comments = /^(?:#.*\n|\s*\n)*/.exec(head)?.[0] ?? ''
  const entries =
    readAll(ownEntries(bytes, head), file) ?? readAll(await readAnyYaml(bytes.toString(), file), file) ?? []
  return { entries, comments }
}

/** Undefined where what is read turns out not to be as fleet writes it. Throws what is wrong with the entries. */
function readAll(raw: Iterable<RawEntry | undefined>, file: string): readonly Entry[] | undefined {
  const entries: Entry[] = []
  const wrong: Finding[] = []
  let last: { readonly rest: RawEntry['rest']; readonly entry: Entry } | undefined
  for (const one of raw) {
    if (!one) return undefined
    const { rest, line } = one
    const entry = readEntry(one, last?.rest === rest ? last.entry : undefined)
    if ('code' in entry) wrong.push({ ...entry, severity: 'error', at: { file, line } })
    else {
      entries.push(entry)
      if (last?.rest !== rest) last = { rest, entry }
    }
  }
  if (wrong.length > 0) throw new FleetErrors(wrong.slice(0, 10))
  return entries
}

/** Not even loaded for what fleet wrote. */
async function readAnyYaml(text: string, file: string): Promise<readonly RawEntry[]> {
  const { readYamlLedger } = await import('./ledger-yaml.ts')
  return readYamlLedger(text, file)
}

const START = Buffer.from('- address: ')
const FIELD = /^ {2}(until|direction|reason|by|at|limit|evenSo|lifted): (.+)$/

/** What stands above the first entry: comments, nothing, or that there is none. */
function endOfHead(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    const end = behind(bytes, '\n', at)
    if (!/^(?:#.*|\[\]|\s*)$/.test(bytes.toString('utf8', at, end).trimEnd())) return at
    at = end
  }
  return bytes.length
}

/**
 * One after the other, from the bytes of the file: an address that were a part of its text would keep all of it. Most
 * entries of a long list say the same as the one above, of another address: that is compared, and not read. Undefined,
 * and nothing more, where something isn't as fleet writes it.
 */
function* ownEntries(bytes: Buffer, head: string): Generator<RawEntry | undefined> {
  let at = Buffer.byteLength(head)
  let line = countLines(head) + 1
  let last: { readonly bytes: Buffer; readonly rest: RawEntry['rest']; readonly lines: number } | undefined
  while (at < bytes.length) {
    const end = behind(bytes, '\n', at)
    const said = isAt(bytes, START, at) ? bytes.toString('latin1', at + START.length, end).trimEnd() : ''
    const address = scalar(said)
    at = end + (last?.bytes.length ?? 0)
    if (!last || !isAt(bytes, last.bytes, end) || !(at === bytes.length || isAt(bytes, START, at))) {
      at = behind(bytes, '\n- ', end - 1, 1)
      const own = bytes.subarray(end, at)
      const rest = readFields(own.toString())
      last = rest && { bytes: own, rest, lines: 1 + countLines(own.toString()) }
    }
    yield last && address !== undefined ? { line, address, rest: last.rest } : undefined
    if (!last) return
    line += last.lines
  }
}

/** Where what follows a word begins, or where its last characters do where only so many of it are counted; the end, where it isn't there. */
function behind(bytes: Buffer, word: string, from: number, counted = word.length): number {
  const found = bytes.indexOf(word, from)
  return found < 0 ? bytes.length : found + counted
}

function isAt(bytes: Buffer, word: Buffer, at: number): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false
  return true
}

const countLines = (text: string) => text.split('\n').length - 1

/** Undefined where one of them isn't as fleet writes it, or is there twice. */
function readFields(text: string): RawEntry['rest'] | undefined {
  const fields: Record<string, unknown> = {}
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, name = '', said] = FIELD.exec(line) ?? []
    const value = said === undefined ? undefined : scalar(said)
    if (value === undefined || Object.hasOwn(fields, name)) return undefined
    fields[name] = value
  }
  return fields
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

/** The whole file in pieces. Entries as mergeEntries makes them give the same text, however they came about. */
export function* printLedger(entries: readonly Entry[], comments: string): Generator<string> {
  yield comments.trim() === '' ? HEADING : comments.replace(/\n*$/, '\n')
  if (entries.length === 0) yield '[]\n'
  let said: Entry | undefined
  let rest = ''
  for (let at = 0; at < entries.length; at += PIECE) {
    let text = ''
    for (const entry of entries.slice(at, at + PIECE)) {
      if (!said || !saysTheSame(said, entry)) rest = printRest(entry)
      said = entry
      text += `- address: ${quoted(entry.address)}\n${rest}`
    }
    yield text
  }
}

/** Entries of one piece: a long list never stands in memory as text. */
const PIECE = 1000

/** Of another address. Those that came about together share what they say. */
const saysTheSame = (a: Entry, b: Entry): boolean =>
  a.until === b.until &&
  a.at === b.at &&
  a.by === b.by &&
  a.reason === b.reason &&
  a.direction === b.direction &&
  a.limit === b.limit &&
  a.lifted === b.lifted &&
  a.evenSo === b.evenSo

function printRest({ direction, until, reason, by, at, limit, evenSo, lifted }: Entry): string {
  const lines = [
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
