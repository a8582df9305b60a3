import { parseCidr } from 'cidr-tools'
import { parseNetworks } from '../../address/network.ts'
import { type Answer, answer, any } from '../answer.ts'
import type { Condition } from '../clause.ts'
import type { Sight } from '../packet.ts'

interface Range {
  readonly start: bigint
  readonly end: bigint
}

/** The addresses of a network, a range or a list of them by comma; undefined for what isn't one (a host name). */
function rangesOf(text: string): readonly Range[] | undefined {
  try {
    return text.split(',').flatMap(one => parseNetworks(one).cidrs.map(cidr => parseCidr(cidr)))
  } catch {
    return undefined
  }
}

const cache = new Map<string, readonly Range[] | undefined>()

/** The same few texts come up in every rule for every packet; the many of a whole run must not pile up. */
function cachedRanges(text: string): readonly Range[] | undefined {
  if (!cache.has(text)) {
    if (cache.size > 10_000) cache.clear()
    cache.set(text, rangesOf(text))
  }
  return cache.get(text)
}

const numberOf = (address: string) => cachedRanges(address)?.[0]?.start

/** `-s`, `-d`, `--src-range`, `--dst-range`. */
export function isWithin(address: string | undefined, text: string): Answer {
  if (text === '0.0.0.0/0' || text === '::/0') return 'yes'
  const ranges = cachedRanges(text)
  const number = address === undefined ? undefined : numberOf(address)
  if (!ranges || number === undefined) return 'unknown'
  return answer(ranges.some(({ start, end }) => start <= number && number <= end))
}

const sorted = new WeakMap<readonly string[], readonly Range[]>()

function sortedRanges(entries: readonly string[]): readonly Range[] {
  const known = sorted.get(entries)
  if (known) return known
  const ranges = entries
    .flatMap(entry => rangesOf(entry) ?? [])
    .sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)))
  sorted.set(entries, ranges)
  return ranges
}

/** `--match-set NAME src|dst`. Entries may overlap, so the search looks back as long as one could still reach. */
export function isInSet({ args }: Condition, { packet, sets }: Sight): Answer {
  const [name = '', direction] = args
  const entries = sets.get(name)
  if (!entries || args.length !== 2) return 'unknown'
  if (entries.length === 0) return 'no'
  const address = { src: packet.source, dst: packet.destination }[direction ?? '']
  const number = address === undefined ? undefined : numberOf(address)
  if (number === undefined) return 'unknown'
  return answer(covers(sortedRanges(entries), number))
}

function covers(ranges: readonly Range[], number: bigint): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.start ?? 0n) <= number) low = middle + 1
    else high = middle
  }
  return ranges.slice(0, low).some(({ end }) => end >= number)
}

/** `-m addrtype`: what kind an address is to this host, as far as the packet's way tells. */
export function isOfType(
  address: string | undefined,
  types: string,
  which: 'src' | 'dst',
  sight: Sight,
): Answer {
  return any(types.split(',').map(type => isType(address, type, which, sight)))
}

const MULTICAST = { 4: '224.0.0.0/4', 6: 'ff00::/8' } as const
const LOOPBACK = { 4: '127.0.0.0/8', 6: '::1' } as const

function isType(address: string | undefined, type: string, which: 'src' | 'dst', sight: Sight): Answer {
  const { family, proto } = sight.packet
  const multicast = proto === 'tcp' ? 'no' : isWithin(address, MULTICAST[family])
  if (type === 'MULTICAST') return which === 'src' ? 'no' : multicast
  if (type === 'LOCAL') return isLocal(address, which, sight, multicast)
  if (type === 'BROADCAST') return family === 6 || proto === 'tcp' || multicast === 'yes' ? 'no' : 'unknown'
  return 'unknown'
}

function isLocal(
  address: string | undefined,
  which: 'src' | 'dst',
  { packet, inInterface, outInterface }: Sight,
  multicast: Answer,
): Answer {
  if (multicast === 'yes' || address === '255.255.255.255') return 'no'
  if (address !== undefined && isWithin(address, LOOPBACK[packet.family]) === 'yes') return 'yes'
  if (packet.hook === 'forward') return 'no'
  if ((packet.hook === 'input') === (which === 'dst')) return multicast === 'no' ? 'yes' : 'unknown'
  const through = packet.hook === 'input' ? inInterface : outInterface
  if (through === undefined || through === '') return 'unknown'
  return answer(through === 'lo')
}
