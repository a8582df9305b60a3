import { type Entry, isBlocked } from '../block/entry.ts'
import type { BlockAnswer, BlockState } from '../host/block-answer.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { count, sayDirection, sayUntil } from './block-words.ts'
import { say } from './say.ts'
import { groupBy, hosts, minute, plain } from './words.ts'

/** What one host has of the ledger, or why it didn't say. */
export type Found =
  | {
      readonly host: string
      readonly blocks: BlockState
      /** Words of the ledger that it hasn't heard. */
      readonly lacked: number
      /** What it leaves out, because of what that covers there. */
      readonly refused: BlockAnswer['refused']
      /** Addresses that it blocks, and that the ledger says nothing of. */
      readonly unknown: readonly string[]
      /** What it has heard later than the ledger says. */
      readonly later: BlockAnswer['later']
      /** Nothing of the ledger is blocked there, and nothing has to be. */
      readonly isFree: boolean
      /** It has not the feeds that were taken last, nor later ones. */
      readonly isBehindFeeds: boolean
    }
  | { readonly host: string; readonly state: HostState; readonly finding: Finding }

type Seen = Extract<Found, { readonly blocks: BlockState }>

export type Need = 'in line' | 'behind' | 'unreadable' | 'not persisted'

export function needOf(found: Found): Need {
  if (!('blocks' in found)) return 'unreadable'
  const { blocks, lacked, later, refused, isFree, isBehindFeeds } = found
  if (isBehindFeeds) return 'behind'
  if (isFree) return 'in line'
  if (lacked + later.length + refused.length > 0 || blocks.hook !== 'stands' || !blocks.areSetsRight)
    return 'behind'
  return blocks.isPersisted ? 'in line' : 'not persisted'
}

const CODES: Readonly<Record<Need, 0 | 2 | 3 | 4>> = {
  'in line': 0,
  behind: 2,
  unreadable: 3,
  'not persisted': 4,
}

export const exitCodeOfFound = (found: readonly Found[]): 0 | 2 | 3 | 4 =>
  found.reduce<0 | 2 | 3 | 4>((worst, one) => {
    const code = CODES[needOf(one)]
    return code > worst ? code : worst
  }, 0)

/** What is blocked, soonest expiry first: `now` in milliseconds. */
export function printEntries(entries: readonly Entry[], now: number, file: string): string {
  const blocked = entries.filter(entry => isBlocked(entry, now / 1000))
  if (blocked.length === 0) return `Nothing is blocked by ${file}.\n`
  const forEver = Number.MAX_SAFE_INTEGER
  const sorted = blocked.toSorted((a, b) => (a.until || forEver) - (b.until || forEver))
  const folded = [...groupBy(sorted, entry => JSON.stringify({ ...entry, address: '' })).values()]
  return plain(folded.map(all => `${sayEntries(all, now)}\n`).join(''))
}

/** Entries of one command that are named one by one. */
const NAMED = 10

function sayEntries(all: readonly Entry[], now: number): string {
  const [first] = all
  if (!first) return ''
  const names = all.slice(0, NAMED).map(({ address }) => address)
  const more = all.length - names.length
  const { until, by, at, reason, limit, evenSo } = first
  return [
    `${names.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}: ${sayUntil(until, now)}${sayDirection(first)}`,
    ...(limit === undefined ? [] : [`only on ${limit}`]),
    ...(reason === undefined ? [] : [`"${reason}"`]),
    ...(evenSo.length === 0 ? [] : [`even so: ${evenSo.join(', ')}`]),
    at === 0 ? `by ${by}` : `by ${by}, ${minute(new Date(at).toISOString())}`,
  ].join('; ')
}

/** Hosts that need somebody, those of the same need together; and the last line says how it stands. */
export function printFound(found: readonly Found[]): string {
  const lines = found.flatMap(sayFound)
  const groups = groupBy(lines, ({ text }) => text)
  const folded = [...groups.values()].map(
    all => `${all.map(({ host }) => host).join(', ')}: ${all[0]?.text ?? ''}`,
  )
  return plain(`${[...folded, lastLine(found)].join('\n')}\n`)
}

function sayFound(found: Found): { host: string; text: string }[] {
  const { host } = found
  if (!('blocks' in found)) return [{ host, text: `${found.state}. ${say(found.finding)}` }]
  const { unknown } = found
  const texts = [
    ...(needOf(found) === 'behind' ? [sayBehind(found)] : []),
    ...(needOf(found) === 'not persisted' ? [say(notPersisted(found.blocks))] : []),
    ...(unknown.length > 0 ? [say(unknownThere(unknown))] : []),
  ]
  return texts.map(text => ({ host, text }))
}

/** What a repair brings. */
function sayLacks({ blocks: { hook, areSetsRight }, lacked, isFree, isBehindFeeds }: Seen): string[] {
  const feeds = isBehindFeeds ? ["it doesn't have the feeds as they were taken last"] : []
  if (isFree) return feeds
  return [
    ...(lacked > 0 ? [`it hasn't heard of ${count(lacked)} of the ledger's addresses`] : []),
    ...feeds,
    ...(hook === 'missing' ? ['nothing leads to its blocks'] : []),
    ...(hook === 'wrong' ? ['what leads to its blocks was changed, or is not first'] : []),
    ...(hook === 'stands' && !areSetsRight ? ['its sets were changed'] : []),
  ]
}

function sayBehind(seen: Seen): string {
  const { later, refused } = seen
  const lacks = [...sayLacks(seen), ...(later.length > 0 ? [sayLater(later)] : [])]
  if (seen.blocks.hook === 'unreadable')
    lacks.push("its iptables can't read its table raw, so whether it blocks can't be known")
  const [left, ...more] = refused.map(one => `${one.address}, which covers ${one.covers} (${one.what})`)
  if (left !== undefined)
    lacks.push(`it leaves out ${left}${more.length > 0 ? ` and ${count(more.length)} more` : ''}`)
  return `behind: ${lacks.join('; ')}.`
}

function sayLater(later: BlockAnswer['later']): string {
  const more = later.length > 3 ? ` and ${count(later.length - 3)} more` : ''
  const names = later.slice(0, 3).map(({ address }) => address)
  return `it goes by a later word on ${names.join(', ')}${more}, from another copy of the ledger: merge the copies, or say \`fleet block\` or \`fleet unblock\` of it again`
}

const notPersisted = ({ why = '' }: BlockState): Finding => ({
  code: 'block-not-persisted',
  severity: 'error',
  args: { why },
})

const unknownThere = (unknown: readonly string[]): Finding => ({
  code: 'block-unknown',
  severity: 'warning',
  args: { addresses: unknown.slice(0, 3), more: Math.max(0, unknown.length - 3) },
})

function lastLine(found: readonly Found[]): string {
  const inLine = found.filter(one => needOf(one) === 'in line').length
  if (inLine === found.length) return `${hosts(inLine)}: as the ledger says.`
  const hint = found.some(isRepairable) ? ' `fleet blocks --repair` sends the others what they lack.' : ''
  return `${inLine} of ${hosts(found.length)}: as the ledger says.${hint}`
}

/** Not one that has heard all of it, and goes by something else. */
const isRepairable = (found: Found): boolean =>
  needOf(found) !== 'in line' &&
  !('blocks' in found && sayLacks(found).length === 0 && found.blocks.isPersisted)
