import type { Entry } from '../block/entry.ts'
import type { Covered } from '../block/lift.ts'
import { covers, wholeSpan } from '../block/span.ts'
import { minute, span } from './words.ts'

/** What is being done to hosts. */
export type Verb = 'block' | 'unblock' | 'repair'

/** `203.0.113.9`, `203.0.113.9 and 198.51.100.0/24`, `203.0.113.9 and 99,999 more`. */
export function sayAddresses(addresses: readonly string[]): string {
  const [first = '', second] = addresses
  if (second === undefined) return first
  return addresses.length === 2
    ? `${first} and ${second}`
    : `${first} and ${count(addresses.length - 1)} more`
}

/** Without the words of all languages, which take longer to load than a host to be told. */
export const count = (number: number | bigint): string => String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')

/** `until 2026-11-23 18:20 UTC (in 24 h 0 min)`, `for ever`. */
export function sayUntil(until: number, now: number): string {
  if (until === 0) return 'for ever'
  const left = until * 1000 - now
  const days = Math.floor(left / 86_400_000)
  const rest = days > 1 ? `${days} days` : span(left)
  return `until ${minute(new Date(until * 1000).toISOString())} (${left > 0 ? `in ${rest}` : 'over'})`
}

export const sayDirection = ({ direction }: Pick<Entry, 'direction'>): string =>
  direction === 'both' ? '' : direction === 'in' ? ' coming in' : ' going out'

export function addressesIn(address: string): bigint {
  const { start, end } = wholeSpan(address)
  return end - start + 1n
}

/** Lines that somebody reads; of a long list the rest is counted. */
const TOLD = 10

/** What still keeps out what was unblocked. */
export function sayCovered(covered: readonly Covered[], now: number): readonly string[] {
  const lines = covered.slice(0, TOLD).flatMap(({ address, by }) =>
    by.slice(0, TOLD).map(entry => {
      const where = entry.limit === undefined ? '' : `, on ${entry.limit}`
      const until = sayUntil(entry.until, now)
      const what = covers(wholeSpan(entry.address), wholeSpan(address)) ? address : `Part of ${address}`
      return `${what} is still blocked by ${entry.address}, ${until}${where}. To lift that: fleet unblock ${entry.address}`
    }),
  )
  const more = covered.length - TOLD
  return more > 0 ? [...lines, `And ${count(more)} more like these.`] : lines
}
