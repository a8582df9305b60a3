import type { HostFeeds, Observation } from '../host/observation.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { HostPlan } from './host-plan.ts'

/** What a host is to block, as the ledger has it. */
export interface WantedBlocks {
  /** Of the map, as a host answers it. */
  readonly hash: string
  /** Addresses that are blocked in it. */
  readonly entries: number
  /** Undefined where nobody knows what they are to be. */
  readonly feeds?: WantedFeeds
}

/** What a host is to have of the lists of others, all together. */
export interface WantedFeeds {
  readonly hash: string
  readonly networks: number
  /** Epoch milliseconds: a host that has heard of a later list keeps that one. */
  readonly at: number
}

/** Whoever hasn't read the rules can't say where the chain stands. */
type Seen = Pick<Observation, 'blocks'> & Partial<Pick<Observation, 'live' | 'ipv6'>>

/** What a host lacks of what is to be blocked: nothing where it has just that, in the first place, and for good. */
export function findBehind(seen: Seen, wanted: WantedBlocks | undefined): Finding | undefined {
  if (!wanted || (wanted.entries === 0 && !wanted.feeds?.networks && !seen.blocks)) return undefined
  const why = whatIsBehind(seen, wanted)
  if (why === undefined) return undefined
  return { code: 'blocks-behind', severity: 'note', args: { why, entries: wanted.entries } }
}

/** The same plan, of a host that is to be told what it lacks, whatever becomes of its rules. */
export function withBehind(plan: HostPlan, asked: { seen: Seen; blocks?: WantedBlocks }): HostPlan {
  const behind = findBehind(asked.seen, asked.blocks)
  return behind ? { ...plan, isBehind: true, findings: [...plan.findings, behind] } : plan
}

function whatIsBehind(seen: Seen, { hash, entries, feeds }: WantedBlocks): string | undefined {
  if (!seen.blocks) return entries > 0 ? 'missing' : 'feeds'
  if (seen.blocks.hash !== hash) return 'other'
  if (seen.live && !isHooked(seen.live, seen.ipv6 ?? true)) return 'hook'
  if (feeds && lacksFeeds(seen.blocks.feeds, feeds)) return 'feeds'
  return seen.blocks.isPersisted ? undefined : 'boot'
}

/** By what the host keeps of them, as it says; whether its sets hold that is asked where feeds are sent. */
export const lacksFeeds = (had: HostFeeds | undefined, wanted: WantedFeeds): boolean =>
  had ? had.hash !== wanted.hash && had.at <= wanted.at : wanted.networks > 0

/** Whether the chain is what it has to be, and the first that a packet meets, in all families that the host has. */
const isHooked = (live: PerFamily<string>, ipv6: boolean): boolean =>
  FAMILIES.every(family => (family === 6 && !ipv6) || isHookedIn(live[family], family))

function isHookedIn(save: string, family: Family): boolean {
  const raw = /^\*raw\n((?:(?!COMMIT$).*\n)*)COMMIT$/m.exec(save)?.[1] ?? ''
  const of = (chain: string) => raw.split('\n').filter(line => line.startsWith(`-A ${chain} `))
  const isFirst = (chain: string) => of(chain)[0] === `-A ${chain} -j FLEET-BLOCK`
  return isFirst('PREROUTING') && isFirst('OUTPUT') && of('FLEET-BLOCK').join('\n') === rulesOf(family)
}

/** As block/hook.sh makes them. */
const rulesOf = (family: Family): string =>
  [
    [`fleet-block${family}`, 'src'],
    [`fleet-block${family}`, 'dst'],
    [`fleet-block${family}-in`, 'src'],
    [`fleet-block${family}-out`, 'dst'],
    [`fleet-feeds${family}`, 'src'],
    [`fleet-feeds${family}`, 'dst'],
  ]
    .map(
      ([set, side]) =>
        `-A FLEET-BLOCK -m set --match-set ${set} ${side} -m set ! --match-set fleet-allow${family} ${side} -m addrtype ! --${side}-type LOCAL -j DROP`,
    )
    .join('\n')
