import { isIPv4 } from 'node:net'
import { aggregate } from '../address/aggregate.ts'
import { FleetErrors } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { Entry } from './entry.ts'
import { canonical, cidrsOf, covers, indexWritten, type Span, spanOf, wholeSpan } from './span.ts'

/** What no block may touch, unless somebody names it. */
export interface Protected {
  readonly what:
    | 'host'
    | 'management'
    | 'controller'
    | 'operator'
    | 'loopback'
    | 'link-local'
    | 'multicast'
    | 'unspecified'
  /** Whose it is, for a host and its management. */
  readonly name?: string
  readonly cidr: string
}

const STANDING: readonly Protected[] = [
  ...['127.0.0.0/8', '::1'].map(cidr => ({ what: 'loopback' as const, cidr })),
  ...['169.254.0.0/16', 'fe80::/10'].map(cidr => ({ what: 'link-local' as const, cidr })),
  ...['224.0.0.0/4', '255.255.255.255', 'ff00::/8'].map(cidr => ({ what: 'multicast' as const, cidr })),
  ...['0.0.0.0/8', '::', '::/96'].map(cidr => ({ what: 'unspecified' as const, cidr })),
]

/** Half of IPv4, and half of that part of IPv6 which is in use (2000::/3). */
const HALF = { 4: 1n << 31n, 6: 1n << 124n } as const
/** Findings that are told at once. */
const TOLD = 20

/**
 * Refuses, before anybody is contacted, what would keep out those who must get in. `even` names what may be covered all
 * the same. Throws `FleetErrors` of `block-protected` and `block-too-wide`.
 */
export function refuseProtected(
  addresses: readonly string[],
  guarded: readonly Protected[],
  even: readonly string[],
): void {
  const allowed = new Set(even)
  const found = [...findTooWide(addresses, allowed), ...findCovered(addresses, guarded, allowed)]
  if (found.length === 0) return
  const more = found.length - TOLD
  const rest: Finding = { code: 'block-protected-more', severity: 'error', args: { more } }
  throw new FleetErrors([...found.slice(0, TOLD), ...(more > 0 ? [rest] : [])])
}

/** What is blocked already and should not be: a host may have come, or moved, into a blocked network since. */
export function coveredBy(entries: readonly Entry[], guarded: readonly Protected[]): readonly Finding[] {
  const allowed = new Set(entries.flatMap(({ evenSo }) => evenSo))
  const addresses = entries.map(({ address }) => address)
  const found = findCovered(addresses, guarded, allowed).slice(0, TOLD)
  return found.map(one => ({ ...one, code: 'block-covers', severity: 'warning' }))
}

/** What is protected is little, and what is to be blocked may be much: only the first is held as numbers. */
function findCovered(
  addresses: readonly string[],
  guarded: readonly Protected[],
  allowed: ReadonlySet<string>,
): Finding[] {
  const touching = indexWritten([...STANDING, ...guarded].map(one => ({ ...one, ...spanOf(one.cidr) })))
  const found = new Map<string, Finding>()
  for (const address of addresses) {
    if (touching(address).length === 0) continue
    for (const cidr of cidrsOf(address)) {
      for (const one of touching(cidr)) {
        const { what, name = null } = one
        const even = covers(spanOf(cidr), one) ? canonical(one.cidr) : address
        const key = `${address} ${what} ${even}`
        if (allowed.has(even) || found.has(key)) continue
        const args = { address, what, name, covers: canonical(one.cidr), even }
        found.set(key, { code: 'block-protected', severity: 'error', args })
      }
    }
  }
  return [...found.values()]
}

/** By itself, or all together. */
function findTooWide(addresses: readonly string[], allowed: ReadonlySet<string>): Finding[] {
  const networks = addresses.filter(one => !isIPv4(one))
  const wide = new Set(networks.filter(one => sizeOf(one) >= HALF[familyOf(one)]))
  const tooWide = [...wide].filter(address => !allowed.has(address))
  if (tooWide.length > 0)
    return tooWide.map(address => ({
      code: 'block-too-wide',
      severity: 'error',
      args: { address, even: address },
    }))
  return FAMILIES.flatMap(({ family, all }): Finding[] => {
    if (allowed.has(all)) return []
    const isNarrow = (address: string) => familyOf(address) === family && !wide.has(address)
    const singles = family === 4 ? addresses.length - networks.length : 0
    if (mostIn(networks.filter(isNarrow), singles) < HALF[family]) return []
    if (sizeOfAll(addresses.filter(isNarrow)) < HALF[family]) return []
    return [{ code: 'block-too-wide', severity: 'error', args: { address: null, family, even: all } }]
  })
}

const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4)
const lengthOf = ({ start, end }: Span) => end - start + 1n
const sizeOf = (address: string) => lengthOf(wholeSpan(address))

/** Addresses, those that lie in several networks counted in each. */
const mostIn = (networks: readonly string[], singles: number) =>
  networks.reduce((sum, network) => sum + sizeOf(network), BigInt(singles))

const sizeOfAll = (addresses: readonly string[]) =>
  aggregate(addresses).reduce((sum, cidr) => sum + lengthOf(spanOf(cidr)), 0n)

const FAMILIES = [
  { family: 4, all: '0.0.0.0/0' },
  { family: 6, all: '::/0' },
] as const
