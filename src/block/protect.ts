import { aggregate } from '../address/aggregate.ts'
import { FleetErrors } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { canonical, cidrsOf, covers, indexSpans, type Span, spanOf } from './span.ts'

/** What no block may touch, unless somebody names it. */
export interface Protected {
  readonly what:
    | 'host'
    | 'management'
    | 'controller'
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
  const spans = addresses.flatMap(address =>
    cidrsOf(address).map(cidr => ({ address, cidr, ...spanOf(cidr) })),
  )
  const found = [...findTooWide(addresses, spans, allowed), ...findCovered(spans, guarded, allowed)]
  if (found.length === 0) return
  const more = found.length - TOLD
  const rest: Finding = { code: 'block-protected-more', severity: 'error', args: { more } }
  throw new FleetErrors([...found.slice(0, TOLD), ...(more > 0 ? [rest] : [])])
}

interface Meant extends Span {
  readonly address: string
  readonly cidr: string
}

function findCovered(
  spans: readonly Meant[],
  guarded: readonly Protected[],
  allowed: ReadonlySet<string>,
): Finding[] {
  const touching = indexSpans(spans)
  const found = new Map<string, Finding>()
  for (const { what, name = null, cidr } of [...STANDING, ...guarded]) {
    const span = spanOf(cidr)
    for (const meant of touching(span)) {
      const even = covers(meant, span) ? canonical(cidr) : meant.address
      if (allowed.has(even)) continue
      const args = { address: meant.address, what, name, covers: canonical(cidr), even }
      const key = JSON.stringify([meant.address, what, even])
      if (!found.has(key)) found.set(key, { code: 'block-protected', severity: 'error', args })
    }
  }
  return [...found.values()]
}

/** By itself, or all together. */
function findTooWide(
  addresses: readonly string[],
  spans: readonly Meant[],
  allowed: ReadonlySet<string>,
): Finding[] {
  const sizes = new Map<string, bigint>()
  for (const span of spans)
    sizes.set(span.address, (sizes.get(span.address) ?? 0n) + span.end - span.start + 1n)
  const familyOf = (address: string) => (address.includes(':') ? 6 : 4)
  const wide = new Set(addresses.filter(one => (sizes.get(one) ?? 0n) >= HALF[familyOf(one)]))
  const tooWide = [...wide].filter(address => !allowed.has(address))
  if (tooWide.length > 0)
    return tooWide.map(address => ({
      code: 'block-too-wide',
      severity: 'error',
      args: { address, even: address },
    }))
  const narrow = addresses.filter(address => !wide.has(address))
  return FAMILIES.flatMap(({ family, all }): Finding[] => {
    if (allowed.has(all) || !isHalf(spans, narrow, family)) return []
    return [{ code: 'block-too-wide', severity: 'error', args: { address: null, family, even: all } }]
  })
}

/** Counted exactly only where what lies in each other could make the difference. */
function isHalf(spans: readonly Meant[], narrow: readonly string[], family: Family): boolean {
  if (sumOf(spans, family) < HALF[family]) return false
  return sumOf(aggregate(narrow).map(spanOf), family) >= HALF[family]
}

const sumOf = (spans: readonly Span[], family: Family) =>
  spans.reduce((sum, span) => (span.family === family ? sum + span.end - span.start + 1n : sum), 0n)

const FAMILIES = [
  { family: 4, all: '0.0.0.0/0' },
  { family: 6, all: '::/0' },
] as const
