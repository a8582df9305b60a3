import { isIPv4 } from 'node:net'
import { aggregate } from '../address/aggregate.ts'
import { numberOf, printFour } from '../address/spans.ts'
import { canonical } from './span.ts'

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
    const from = sorted[at] ?? 0
    let to = from
    while (at < sorted.length && (sorted[at] ?? 0) <= to) to = (sorted[at++] ?? 0) + 1
    printFour({ from, to }, cidrs)
  }
  return cidrs
}
