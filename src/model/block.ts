import { createHash } from 'node:crypto'
import { sortByNumber } from './order.ts'

export type BlockDirection = 'in' | 'out' | 'both'

/** The last word about one address: a line of the ledger's map, of what travels, and of what a host keeps. */
export interface BlockLine {
  /** Canonical, as ipset prints it: host bits masked, /32 and /128 left out, IPv6 lower case and compressed. */
  readonly address: string
  readonly direction: BlockDirection
  /** Epoch milliseconds of this word. */
  readonly at: number
  /** Epoch seconds; 0: for ever. A lifted line keeps what it lifted. */
  readonly until: number
  readonly state: 'blocked' | 'lifted'
}

/** Seconds that the lifting of what was for ever is remembered: a copy of the map that is older than that may bring it back. */
const LIFTED_KEPT = 90 * 86_400

/** Nothing has to know of it any more at `now` (epoch seconds). */
export const isOver = (
  { state, at, until }: Pick<BlockLine, 'state' | 'at' | 'until'>,
  now: number,
): boolean => {
  if (until > 0) return until <= now
  return state === 'lifted' && Math.floor(at / 1000) + LIFTED_KEPT <= now
}

/**
 * What several maps come to at `now`, sorted as hosts sort: in any order, and any number of times, the same. For each
 * address the latest word holds; of two at the same moment the block, and then the one that lasts longer.
 */
export const mergeBlocks = (maps: Iterable<Iterable<BlockLine>>, now: number): readonly BlockLine[] =>
  settleBlocks(
    [...maps].flatMap(map => [...map]),
    now,
    (line, other) => (outweighs(line, other) ? line : other),
  )

/** The same of lines in any order. `choose`: what two of one address come to, the later of them named first. */
export function settleBlocks(
  lines: readonly BlockLine[],
  now: number,
  choose: (line: BlockLine, other: BlockLine) => BlockLine,
): readonly BlockLine[] {
  const settled: BlockLine[] = []
  let last: BlockLine | undefined
  const settle = () => last && !isOver(last, now) && settled.push(last)
  for (const line of sortAsText(lines)) {
    if (last?.address === line.address) last = choose(line, last)
    else {
      settle()
      last = line
    }
  }
  settle()
  return settled
}

function sortAsText(lines: readonly BlockLine[]): readonly BlockLine[] {
  const others = lines.filter(({ address }) => address.includes(':')).sort(byAddress)
  const first = others.length === 0 ? lines : lines.filter(({ address }) => !address.includes(':'))
  const sorted = sortByNumber(first, ({ address }) => placeOf(address), byAddress)
  return others.length === 0 ? sorted : joinSorted(sorted, others)
}

function joinSorted(a: readonly BlockLine[], b: readonly BlockLine[]): readonly BlockLine[] {
  const joined: BlockLine[] = []
  let at = 0
  for (const line of a) {
    for (let other = b[at]; other && byAddress(other, line) < 0; other = b[++at]) joined.push(other)
    joined.push(line)
  }
  for (const other of b.slice(at)) joined.push(other)
  return joined
}

function outweighs(a: BlockLine, b: BlockLine): boolean {
  if (a.at !== b.at) return a.at > b.at
  if (a.state !== b.state) return a.state === 'blocked'
  if (a.until !== b.until) return b.until !== 0 && (a.until === 0 || a.until > b.until)
  return a.direction < b.direction
}

/** By bytes, which is how a host sorts: addresses are ASCII. */
const byAddress = (a: BlockLine, b: BlockLine) =>
  a.address < b.address ? -1 : a.address === b.address ? 0 : 1

/** Where each number stands among all that one part of an IPv4 address may be, sorted as text. */
const RANK = new Uint8Array(256)
for (const [rank, text] of Array.from(RANK, (_, number) => String(number))
  .sort()
  .entries())
  RANK[Number(text)] = rank

/**
 * Numbers in whose order IPv4 networks stand as text, but for those with the same address: what is behind a part, a dot,
 * a slash or nothing, comes before all digits.
 */
function placeOf(address: string): number {
  let place = 0
  let part = 0
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - ZERO
    if (digit >= 0) part = part * 10 + digit
    else {
      place = place * 256 + (RANK[part] ?? 0)
      part = 0
      if (digit === SLASH) return place
    }
  }
  return place * 256 + (RANK[part] ?? 0)
}

const ZERO = '0'.charCodeAt(0)
const SLASH = '/'.charCodeAt(0) - ZERO

/** Lines of one piece: a long map never stands in memory as text. */
const PIECE = 1000

/** A line each, as it travels and as hosts keep it, in pieces. The map must be one that mergeBlocks made. */
export function* printBlocks(map: readonly BlockLine[]): Generator<string> {
  let said: BlockLine | undefined
  let rest = ''
  for (let from = 0; from < map.length; from += PIECE) {
    let text = ''
    for (const line of map.slice(from, from + PIECE)) {
      if (!said || !isSaidOf(said, line)) rest = ` ${line.direction} ${line.at} ${line.until} ${line.state}\n`
      said = line
      text += line.address + rest
    }
    yield text
  }
}

/** Most lines of a long map differ by their address alone. */
const isSaidOf = (a: BlockLine, b: BlockLine) =>
  a.at === b.at && a.until === b.until && a.state === b.state && a.direction === b.direction

/** What a host that has just this map answers as `hash`; worked out once, for many hosts. */
export function hashBlocks(map: readonly BlockLine[]): string {
  const known = HASHES.get(map)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for (const piece of printBlocks(map)) hash.update(piece)
  const made = hash.digest('hex')
  HASHES.set(map, made)
  return made
}

const HASHES = new WeakMap<readonly BlockLine[], string>()
