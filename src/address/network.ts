import { isIP, isIPv4 } from 'node:net'
import { normalizeCidr, parseCidr } from 'cidr-tools'
import { FleetError } from '../model/error.ts'
import type { Family } from '../model/family.ts'

/** What one source or destination of a rule stands for: networks of one family, with their prefix always written. */
export interface Networks {
  readonly family: Family
  /** As iptables writes them: host bits masked, IPv6 compressed, `/32` and `/128` spelled out. */
  readonly cidrs: readonly string[]
}

/**
 * An IPv6 address as it is always written, which has no zeros to leave out: most of a long list, and a tenth of the price
 * of what has to be read and written anew.
 */
export const isPlainIPv6 = (text: string): boolean => PLAIN.test(text)

const PLAIN = /^(?:[1-9a-f][\da-f]{0,3}:){7}[1-9a-f][\da-f]{0,3}$/

const BITS = { 4: 32, 6: 128 } as const

/**
 * Reads an address, a CIDR (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`) or a range `a-b`, which becomes
 * exactly the CIDRs that cover it. Host bits are masked, as iptables does.
 * Throws `address-invalid` for anything else, host names and zones (`fe80::1%eth0`) included.
 */
export function parseNetworks(text: string): Networks {
  if (isPlainIPv6(text)) return { family: 6, cidrs: [`${text}/128`] }
  const dash = text.indexOf('-')
  if (dash !== -1) return parseRange(text, text.slice(0, dash).trim(), text.slice(dash + 1).trim())
  const [address = '', prefix, ...rest] = text.split('/')
  const family = familyOf(address)
  if (family === undefined || rest.length > 0) throw invalid(text, reason(text))
  const length = prefix === undefined ? BITS[family] : prefixLength(prefix, family)
  if (length === undefined) throw invalid(text, 'prefix')
  return { family, cidrs: [normalizeCidr(`${address}/${length}`)] }
}

/** The family of a bare address; `undefined` for anything that isn't one. */
export function familyOf(address: string): Family | undefined {
  if (address.includes('%')) return undefined
  const family = isIP(address)
  return family === 4 || family === 6 ? family : undefined
}

function parseRange(text: string, from: string, to: string): Networks {
  const family = familyOf(from)
  if (family === undefined || familyOf(to) === undefined) throw invalid(text, reason(text))
  if (familyOf(to) !== family) throw invalid(text, 'families')
  const start = parseCidr(from).start
  const end = parseCidr(to).start
  if (end < start) throw invalid(text, 'backwards')
  return { family, cidrs: splitRange(start, end, family) }
}

/** Takes the largest aligned block at the start again and again: the fewest CIDRs that cover exactly start to end. */
function splitRange(start: bigint, end: bigint, family: Family): string[] {
  const cidrs: string[] = []
  for (let at = start; at <= end; ) {
    let bits = 0
    while (bits < BITS[family] && at % (2n << BigInt(bits)) === 0n && at + (2n << BigInt(bits)) - 1n <= end) {
      bits++
    }
    cidrs.push(normalizeCidr(`${write(at, family)}/${BITS[family] - bits}`))
    at += 1n << BigInt(bits)
  }
  return cidrs
}

function write(number: bigint, family: Family): string {
  const [width, radix, separator] = family === 4 ? [8n, 10, '.'] : [16n, 16, ':']
  const parts = Array.from({ length: family === 4 ? 4 : 8 }, (_, index) => BigInt(index) * width)
  return parts
    .map(shift => ((number >> shift) & ((1n << width) - 1n)).toString(radix))
    .reverse()
    .join(separator)
}

function prefixLength(text: string, family: Family): number | undefined {
  if (family === 4 && isIPv4(text)) return maskLength(text)
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return undefined
  const length = Number(text)
  return length <= BITS[family] ? length : undefined
}

/** The length of a dotted mask; `undefined` where its ones aren't all in front. */
function maskLength(mask: string): number | undefined {
  const bits = mask.split('.').map(part => Number(part).toString(2).padStart(8, '0'))
  const match = /^(1*)0*$/.exec(bits.join(''))
  return match?.[1]?.length
}

function invalid(text: string, why: string): FleetError {
  return new FleetError('address-invalid', { text, why })
}

function reason(text: string): string {
  if (text.includes('%')) return 'zone'
  if (/^[\d./-]+$/.test(text)) return 'digits'
  return /[g-z]/i.test(text) ? 'name' : 'form'
}
