import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Candidate, observe } from '../host/observe.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import type { PerFamily } from '../model/family.ts'
import { onceForAlike } from '../plan/alike.ts'
import { type WantedBlocks, withBehind } from '../plan/blocks.ts'
import { decide } from '../plan/decide.ts'
import { decideDrifted } from '../plan/decide-drifted.ts'
import { refuseLockedDown } from '../plan/lockdown.ts'
import type { Question } from '../plan/question.ts'
import type { Rendered } from '../roles/render.ts'
import type { HostRole } from '../roles/resolve.ts'
import type { Target } from '../rollout/target.ts'
import type { IpSet, Ruleset } from '../ruleset/ruleset.ts'
import type { Pool } from '../session/pool.ts'
import { printCandidate } from './candidate.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { templateFolders } from './rendering.ts'
import { acceptedRisks } from './risk.ts'

/** The hosts of a run, each with its candidate and the way to its plan. */
export interface Means {
  readonly pool: Pool
  /** Whether a role is one that ships: those leave a container runtime's chains alone. */
  readonly isShipped: (role: string) => boolean
  /** What a host is to block. */
  readonly blocks?: (host: string) => WantedBlocks
}

/** A host with what is to be asked of it, and about it once it was looked at. */
export interface Subject extends Pick<Target, 'host' | 'connect' | 'observe' | 'rendered'> {
  readonly question: Omit<Question, 'seen'>
}

export function makeTargets(
  inputs: Inputs,
  rendered: ReadonlyMap<string, Rendered>,
  flags: Flags,
  means: Means,
): readonly Target[] {
  const judge = flag(flags, 'only-drifted', 'boolean') ? decideDrifted : decide
  return makeSubjects(inputs, rendered, flags, means).map(({ question, ...subject }) => ({
    ...subject,
    decide: seen => {
      const asked = { ...question, seen }
      const locked = refuseLockedDown(asked)
      return locked ? withBehind(locked, asked) : judge(asked)
    },
  }))
}

export function makeSubjects(
  inputs: Inputs,
  rendered: ReadonlyMap<string, Rendered>,
  flags: Flags,
  means: Means,
): readonly Subject[] {
  const accepts = acceptedRisks(
    flags,
    inputs.hosts.map(({ name }) => name),
  )
  return inputs.hosts.flatMap(host => {
    const one = rendered.get(host.name)
    const connection = inputs.connections.get(host.name)
    if (!one?.rulesets || !connection) return []
    const { rulesets, sets, roles } = one
    const candidate = candidateOf(rulesets, sets)
    const question = {
      host: host.name,
      groups: host.groups,
      ...describeRoles(roles),
      rulesets,
      sets,
      candidateHash: candidate.hash,
      preserve: fleetList(host, 'fleet_preserve') ?? [],
      replace: fleetList(host, 'fleet_replace') ?? [],
      replaceUnmanaged: flag(flags, 'replace-unmanaged', 'boolean') ?? false,
      acceptLockoutRisk: accepts(host.name),
      isShipped: means.isShipped,
      ...(means.blocks ? { blocks: means.blocks(host.name) } : {}),
    }
    return [
      {
        host: host.name,
        connect: means.pool.connector(connection),
        observe: session => observe(session, candidate),
        rendered: candidate.hash,
        question,
      } satisfies Subject,
    ]
  })
}

/** Roles that no folder of the user's has: they leave the chains of a container runtime alone. */
export function shippedRoles(inputs: Inputs, flags: Flags): (role: string) => boolean {
  const folders = templateFolders(inputs, flags)
  return role => !folders.some(folder => existsSync(join(folder, `${role}.hbs`)))
}

const onceForKind = onceForAlike<Candidate>()

function candidateOf(rulesets: PerFamily<Ruleset>, ipsets: readonly IpSet[]): Candidate {
  return onceForKind([rulesets[4], rulesets[6], ...ipsets], () => printCandidate(rulesets, ipsets))
}

function describeRoles(roles: readonly HostRole[]) {
  const own = roles.filter(({ name }) => name !== 'base' && name !== 'final')
  const shown = roles.map(({ name, from }) => (from === name ? name : `${name} (${from})`))
  return { roles: shown, onlyBase: own.length === 0 }
}
