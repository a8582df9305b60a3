import { contains } from '../address/aggregate.ts'
import type { Observation } from '../host/observation.ts'
import { FAMILIES } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { Ruleset, Table } from '../ruleset/ruleset.ts'
import { decideBack } from './back.ts'
import { both } from './compare.ts'
import { decide } from './decide.ts'
import { type HostPlan, NOTHING } from './host-plan.ts'
import { LOCKDOWN_MARK, type LockdownRules } from './lockdown-rules.ts'
import { parseSshConnection } from './lockout.ts'
import { decideRemoval } from './removal.ts'

export interface LockdownQuestion {
  readonly host: string
  readonly groups: readonly string[]
  readonly seen: Observation
  readonly rules: LockdownRules
  /** Of fleet_management: what may come in beside fleet itself, and what may not. */
  readonly managers: readonly string[]
  readonly tooWide: readonly string[]
  readonly candidateHash: string
  readonly acceptLockoutRisk: boolean
}

/**
 * What to do to one host so that nothing but SSH reaches it or leaves it: decided as any change is. Fleet's own rules
 * give way, and come back with the release; those of others stay, behind these.
 */
export function decideLockdown(question: LockdownQuestion): HostPlan {
  const { seen, host, groups, rules } = question
  const wish = { host, groups, roles: [], onlyBase: false }
  const client = parseSshConnection(seen.sshConnection)?.client ?? ''
  if (isLoopback(client))
    return refused({ ...wish, seen }, { code: 'lockdown-through-itself', args: { client } })
  const plan = decide({
    ...wish,
    seen,
    rulesets: both(family => withoutTheirPolicies(rules.rulesets[family], seen)),
    sets: rules.sets,
    candidateHash: question.candidateHash,
    preserve: ['*'],
    replace: [],
    replaceUnmanaged: false,
    isLockdown: true,
    acceptLockoutRisk: question.acceptLockoutRisk,
    isShipped: () => false,
  })
  const before = seen.generation.lockdown ?? seen.generation.number
  const findings = plan.verdict === 'refused' ? [] : doors(question, client)
  return {
    ...plan,
    findings: [...plan.findings, ...findings],
    ...(plan.change ? { change: { ...plan.change, lockdown: before } } : {}),
  }
}

function doors({ managers, tooWide }: LockdownQuestion, client: string): readonly Finding[] {
  const warn = (code: string, args: Finding['args']): Finding => ({ code, severity: 'warning', args })
  return [
    ...(tooWide.length > 0 ? [warn('lockdown-too-wide', { networks: tooWide })] : []),
    ...(managers.length > 0 ? [] : [warn('lockdown-alone', { client })]),
  ]
}

const isLoopback = (client: string) =>
  client !== '' && (contains('127.0.0.0/8', client) || contains('::1', client))

/** A policy that somebody else has set to DROP is theirs: owned, it would go back to ACCEPT with the release. */
function withoutTheirPolicies(ruleset: Ruleset, { live, generation }: Observation): Ruleset {
  const { family } = ruleset
  const isTheirs = (chain: string) =>
    policyOf(live[family], chain) === 'DROP' && policyOf(generation.rules[family], chain) !== 'DROP'
  const tables = [...ruleset.tables].map(([name, table]): [string, Table] => {
    const chains = [...table.values()]
      .map(chain => (name === 'filter' && isTheirs(chain.name) ? { ...chain, policy: null } : chain))
      .filter(({ policy, rules }) => policy !== null || rules.length > 0)
    return [name, new Map(chains.map(chain => [chain.name, chain]))]
  })
  return { ...ruleset, tables: new Map(tables) }
}

/** Of a chain of filter, in what iptables-save prints. */
const policyOf = (save: string, chain: string): string | undefined =>
  new RegExp(`^\\*filter\\n(?:[^C].*\\n)*?:${chain} (\\S+)`, 'm').exec(save)?.[1]

type Locked = Pick<Observation, 'generation' | 'live'>

/** What its generation says; where that is damaged, its rules. */
export const isLockedDown = ({ generation, live }: Locked): boolean =>
  generation.lockdown !== undefined ||
  FAMILIES.some(family => live[family].includes(`-A PREROUTING ${LOCKDOWN_MARK} -j DROP`))

/** The generation that a release leads to; undefined where the host isn't locked down. 0 is what stood before fleet. */
export function releaseOf(seen: Locked): number | 'previous' | undefined {
  if (!isLockedDown(seen)) return undefined
  return seen.generation.lockdown ?? (seen.generation.number > 1 ? 'previous' : 0)
}

interface Release {
  readonly host: string
  readonly groups: readonly string[]
  /** With the generation to go back to, or what stood before fleet, in place of a candidate. */
  readonly seen: Observation
  readonly preserve: readonly string[]
  readonly replace: readonly string[]
  readonly acceptLockoutRisk: boolean
}

/** What to do to one host so that it is as it was before its lockdown. One that isn't locked down is left alone. */
export function decideRelease(question: Release): HostPlan {
  const { host, groups, seen } = question
  if (seen.target) return decideBack(question)
  if (seen.before?.isTouched) return decideRemoval(question)
  const finding: Finding = { code: 'not-locked-down', severity: 'warning', args: {} }
  return { ...NOTHING, host, groups, roles: [], onlyBase: false, findings: [finding], bootId: seen.bootId }
}

/** Nothing but a release, or a word that names a generation, leads out of a lockdown. */
export function refuseLockedDown(asked: {
  readonly host: string
  readonly groups: readonly string[]
  readonly seen: Observation
}): HostPlan | undefined {
  if (!isLockedDown(asked.seen)) return undefined
  const { who = '', made = '' } = asked.seen.generation.origin ?? {}
  return refused(
    { roles: [], onlyBase: false, ...asked },
    { code: 'locked-down', args: { who, made, host: asked.host } },
  )
}

function refused(
  {
    seen,
    ...wish
  }: Pick<HostPlan, 'host' | 'groups' | 'roles' | 'onlyBase'> & { readonly seen: Observation },
  finding: Pick<Finding, 'code' | 'args'>,
): HostPlan {
  const findings: readonly Finding[] = [{ ...finding, severity: 'error' }]
  return { ...NOTHING, ...wish, verdict: 'refused', findings, bootId: seen.bootId }
}
