import { type BlockDirection, type BlockLine, isOver, settleBlocks } from '../model/block.ts'
import { type Entry, isBlocked, lineOf } from './entry.ts'
import { cidrsOf } from './span.ts'

/** What one host is to have of a ledger. */
export interface Wanted {
  /** As hosts sort it. */
  readonly map: readonly BlockLine[]
  /** Protected addresses that its blocks may cover. */
  readonly even: readonly string[]
}

/**
 * What each host is to have at `now` (epoch seconds): the entries for all, and those whose pattern means it. Hosts that
 * are meant by the same patterns get the same object.
 */
export function wantedBy(
  entries: readonly Entry[],
  hostsOf: (limit: string) => readonly string[],
  now: number,
): (host: string) => Wanted {
  const limits = new Set<string>()
  for (const { limit } of entries) if (limit !== undefined) limits.add(limit)
  const meant = new Map([...limits].map(limit => [limit, new Set(hostsOf(limit))]))
  const made = new Map<string, Wanted>()
  return host => {
    const mine = [...limits].filter(limit => meant.get(limit)?.has(host))
    const key = JSON.stringify(mine)
    const known = made.get(key)
    if (known) return known
    const applying =
      limits.size === 0 ? entries : entries.filter(({ limit }) => limit === undefined || mine.includes(limit))
    const map = settleBlocks(linesOf(applying, now), now, either)
    const wanted = { map, even: evenOf(applying, now) }
    made.set(key, wanted)
    return wanted
  }
}

/** Whether a network of a host's map is what these entries say. A long list is looked at only where that is asked. */
export function meantBy(entries: readonly Entry[]): (address: string) => boolean {
  let addresses: ReadonlySet<string> | undefined
  return address => {
    addresses ??= new Set(entries.flatMap(entry => cidrsOf(entry.address)))
    return addresses.has(address)
  }
}

function evenOf(entries: readonly Entry[], now: number): readonly string[] {
  const even = new Set<string>()
  for (const entry of entries)
    if (entry.evenSo.length > 0 && isBlocked(entry, now))
      for (const one of entry.evenSo) for (const cidr of cidrsOf(one)) even.add(cidr)
  return [...even]
}

function linesOf(entries: readonly Entry[], now: number): readonly BlockLine[] {
  const lines: BlockLine[] = []
  for (const entry of entries)
    for (const address of cidrsOf(entry.address)) {
      const line = lineOf(entry, address)
      if (!isOver(line, now)) lines.push(line)
    }
  return lines
}

/**
 * A network may be in several entries: by itself, in a range, for all hosts and for some. It stays blocked as long as
 * one of them says so, with the latest word of all, or a host that has heard that word already would not take this one.
 */
function either(a: BlockLine, b: BlockLine): BlockLine {
  const at = Math.max(a.at, b.at)
  const blocking = [a, b].filter(({ state }) => state === 'blocked')
  const [first = a.at >= b.at ? a : b, second] = blocking
  if (!second) return { ...first, at }
  return { ...first, at, until: longer(a.until, b.until), direction: wider(a.direction, b.direction) }
}

const longer = (a: number, b: number) => (a === 0 || b === 0 ? 0 : Math.max(a, b))
const wider = (a: BlockDirection, b: BlockDirection): BlockDirection => (a === b ? a : 'both')
