import { isIPv4 } from 'node:net'
import { aggregate } from '../address/aggregate.ts'
import { canonical, numberOf } from './span.ts'

/**
 * The fewest networks of exactly these addresses, IPv4 first, ascending. Single IPv4 addresses, which long lists are
 * made of, are joined as numbers: a tenth of the time and of the memory that networks of any kind take.
 */
export function fewest(addresses: readonly string[]): readonly string[] {
  const single = new Uint32Array(addresses.length)
  const others: string[] = []
  let found = 0
  for (const address of addresses)
    if (isIPv4(address)) single[found++] = numberOf(address)
    else others.push(address)
  const joined = joinSingle(single.subarray(0, found).sort())
  if (others.length === 0) return joined
  return aggregate([...joined, ...others]).map(canonical)
}

/** Sorted numbers, some of them more than once. */
function joinSingle(sorted: Uint32Array): string[] {
  const cidrs: string[] = []
  for (let at = 0; at < sorted.length; ) {
    const start = sorted[at] ?? 0
    let end = start
    while (at < sorted.length && (sorted[at] ?? 0) <= end + 1) end = sorted[at++] ?? end
    split(start, end, cidrs)
  }
  return cidrs
}

/** The largest aligned network at the start, again and again. */
function split(start: number, end: number, cidrs: string[]): void {
  for (let at = start; at <= end; ) {
    let bits = 0
    while (bits < 32 && at % 2 ** (bits + 1) === 0 && at + 2 ** (bits + 1) - 1 <= end) bits++
    cidrs.push(bits === 0 ? dotted(at) : `${dotted(at)}/${32 - bits}`)
    at += 2 ** bits
  }
}

const dotted = (number: number) =>
  `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
