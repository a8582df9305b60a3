import { createHash } from 'node:crypto'

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
export const isOver = ({ state, at, until }: BlockLine, now: number): boolean => {
  if (until > 0) return until <= now
  return state === 'lifted' && Math.floor(at / 1000) + LIFTED_KEPT <= now
}

/**
 * What several maps come to at `now`, sorted as hosts sort: in any order, and any number of times, the same. For each
 * address the latest word holds; of two at the same moment the block, and then the one that lasts longer.
 */
export function mergeBlocks(maps: Iterable<Iterable<BlockLine>>, now: number): readonly BlockLine[] {
  const merged = new Map<string, BlockLine>()
  for (const map of maps)
    for (const line of map) {
      const other = merged.get(line.address)
      if (!other || outweighs(line, other)) merged.set(line.address, line)
    }
  return [...merged.values()].filter(line => !isOver(line, now)).toSorted(byAddress)
}

function outweighs(a: BlockLine, b: BlockLine): boolean {
  if (a.at !== b.at) return a.at > b.at
  if (a.state !== b.state) return a.state === 'blocked'
  if (a.until !== b.until) return b.until !== 0 && (a.until === 0 || a.until > b.until)
  return a.direction < b.direction
}

/** By bytes, which is how a host sorts: addresses are ASCII. */
const byAddress = (a: BlockLine, b: BlockLine) => (a.address < b.address ? -1 : 1)

/** A line each, as it travels and as hosts keep it. The map must be one that mergeBlocks made. */
export const printBlocks = (map: readonly BlockLine[]): string =>
  map
    .map(({ address, direction, at, until, state }) => `${address} ${direction} ${at} ${until} ${state}\n`)
    .join('')

/** What a host that has just this map answers as `hash`. */
export const hashBlocks = (map: readonly BlockLine[]): string =>
  createHash('sha256').update(printBlocks(map)).digest('hex')
