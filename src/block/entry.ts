import { numberOf } from '../address/spans.ts'
import type { BlockDirection, BlockLine } from '../model/block.ts'
import { isOver } from '../model/block.ts'
import { sortByNumber } from '../model/order.ts'
import { compareSpans, wholeSpan } from './span.ts'

/** What the ledger says of one address, network or range. */
export interface Entry {
  readonly address: string
  readonly direction: BlockDirection
  /** Epoch seconds; 0: for ever. */
  readonly until: number
  readonly reason?: string | undefined
  readonly by: string
  /** Epoch milliseconds. */
  readonly at: number
  /** The hosts that it is meant for, as a pattern; all of them where it is left out. */
  readonly limit?: string | undefined
  /** Protected addresses that it may cover. */
  readonly evenSo: readonly string[]
  readonly lifted?: { readonly by: string; readonly at: number } | undefined
}

/** Two entries with the same are one, and the later word of them holds. */
export const keyOf = ({ address, limit }: Pick<Entry, 'address' | 'limit'>): string =>
  limit === undefined ? address : `${address} ${limit}`

/** Word for word: for a copy with one more on top of it V8 takes three times the memory. */
export const asLifted = (
  { address, direction, until, reason, by, at, limit, evenSo }: Entry,
  lifted: NonNullable<Entry['lifted']>,
): Entry => ({ address, direction, until, reason, by, at, limit, evenSo, lifted })

/** When the last word of an entry was said. */
export const wordOf = ({ at, lifted }: Entry): number => lifted?.at ?? at

export const isBlocked = (entry: Entry, now: number): boolean =>
  entry.lifted === undefined && (entry.until === 0 || entry.until > now)

/** As a line of the map, of one of its networks. */
export const lineOf = (entry: Entry, address: string): BlockLine => ({
  address,
  direction: entry.direction,
  at: wordOf(entry),
  until: entry.until,
  state: entry.lifted ? 'lifted' : 'blocked',
})

/** Seconds that the ledger remembers what is over: a machine whose clock is a day ahead must not make it forget the rest. */
const GRACE = 2 * 86_400

/** Nothing has to remember it at `now` (epoch seconds). */
export const isSpent = (entry: Entry, now: number): boolean =>
  isOver({ state: entry.lifted ? 'lifted' : 'blocked', at: wordOf(entry), until: entry.until }, now - GRACE)

/** Those that would not make an entry end earlier which stands already. */
export function withoutLonger(
  entries: readonly Entry[],
  known: readonly Entry[],
  now: number,
): readonly Entry[] {
  const standing = new Map(known.filter(one => isBlocked(one, now)).map(one => [keyOf(one), one]))
  return entries.filter(entry => {
    const other = standing.get(keyOf(entry))
    if (!other || (other.direction !== 'both' && other.direction !== entry.direction)) return true
    return other.until !== 0 && (entry.until === 0 || entry.until > other.until)
  })
}

/** What ledgers come to together: in any order the same, sorted by their numbers. */
export function mergeEntries(...all: readonly (readonly Entry[])[]): readonly Entry[] {
  const merged: Entry[] = []
  let last: Entry | undefined
  const none: readonly Entry[] = []
  // At once: all that `flat` does one by one takes as long as to sort them.
  for (const entry of sortEntries(none.concat(...all))) {
    if (last?.address !== entry.address || last.limit !== entry.limit) merged.push(entry)
    else if (outweighs(entry, last)) merged[merged.length - 1] = entry
    else continue
    last = entry
  }
  return merged
}

function outweighs(a: Entry, b: Entry): boolean {
  if (wordOf(a) !== wordOf(b)) return wordOf(a) > wordOf(b)
  if (!a.lifted !== !b.lifted) return !a.lifted
  if (a.until !== b.until) return b.until !== 0 && (a.until === 0 || a.until > b.until)
  return JSON.stringify(a) > JSON.stringify(b)
}

/** So that two who add different addresses change different lines. */
const sortEntries = (entries: readonly Entry[]): readonly Entry[] =>
  sortByNumber(entries, ({ address }) => firstOf(address), compare)

/** Of IPv6, which is behind all of IPv4, only that. */
const firstOf = (address: string) => (address.includes(':') ? 2 ** 32 : numberOf(address))

const compare = (a: Entry, b: Entry): number =>
  (a.address === b.address ? 0 : compareSpans(wholeSpan(a.address), wholeSpan(b.address))) ||
  compareText(a.limit ?? '', b.limit ?? '')

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
