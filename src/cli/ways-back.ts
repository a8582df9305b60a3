import type { Observation } from '../host/observation.ts'
import { observeBefore, observeGeneration } from '../host/observe.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import { FleetError } from '../model/error.ts'
import { decideBack, goesBack, refuseSuperseded } from '../plan/back.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { refuseLockedDown } from '../plan/lockdown.ts'
import { decideRemoval } from '../plan/removal.ts'
import { observeAll } from '../rollout/observe-all.ts'
import type { Target } from '../rollout/target.ts'
import type { Pool } from '../session/pool.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { hostsAtOnce, keptOpen, poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs, type Sources } from './inputs.ts'
import { among, type Prepared, type Way } from './prepared.ts'
import { acceptedRisks } from './risk.ts'
import { warnOnce } from './warnings.ts'

/** How a host is brought to rules that it has kept itself. No template is read. Error: `host-not-in-inventory`. */
export function wayBack(inputs: Inputs, flags: Flags, pool: Pool): (host: string, way: Way) => Target {
  const accepts = acceptedRisks(
    flags,
    inputs.hosts.map(({ name }) => name),
  )
  const known = new Map(inputs.hosts.map(host => [host.name, host]))
  return (name, { to, from, made, asked, removesBlocks }) => {
    const host = known.get(name)
    const connection = inputs.connections.get(name)
    if (!host || !connection)
      throw new FleetError('host-not-in-inventory', { host: name }, { hostState: 'unknown' })
    const question = {
      host: name,
      groups: host.groups,
      preserve: fleetList(host, 'fleet_preserve') ?? [],
      replace: fleetList(host, 'fleet_replace') ?? [],
      acceptLockoutRisk: accepts(name),
    }
    const connect = pool.connector(connection)
    const left = {
      ...(from === undefined ? {} : { from }),
      ...(made ? { made } : {}),
      ...(asked ? { asked } : {}),
    }
    // Whoever only says "back" may not know that the host is locked down.
    const isMeant = from !== undefined || made !== undefined || (to !== 'previous' && to > 0)
    const decided = (decide: (seen: Observation) => HostPlan) => (seen: Observation) =>
      refuseSuperseded({ ...question, seen, ...left }) ??
      (isMeant ? undefined : refuseLockedDown({ ...question, seen })) ??
      decide(seen)
    if (to === 0)
      return {
        host: name,
        connect,
        observe: observeBefore,
        decide: decided(seen => {
          const plan = decideRemoval({ ...question, seen, ...(removesBlocks ? { removesBlocks } : {}) })
          return removesBlocks ? plan : goesBack(plan, seen.generation.number, 0)
        }),
      }
    return {
      host: name,
      connect,
      observe: session => observeGeneration(session, to),
      decide: decided(seen => decideBack({ ...question, seen })),
    }
  }
}

/** Everything read that going back needs. `wayOf` is asked for each host that is meant. */
export async function prepareBack(
  flags: Flags,
  cancel: AbortSignal,
  wayOf: (host: string, inputs: Inputs) => Promise<Way | undefined> | Way | undefined,
  sources?: Sources,
): Promise<Prepared> {
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword, sources)
  for (const finding of inputs.findings) if (finding.severity === 'warning') warnOnce(finding)
  const pool = poolFor(inputs, withPassword, cancel)
  const back = wayBack(inputs, withPassword, pool)
  const ways = await Promise.all(
    inputs.hosts.map(async ({ name }) => [name, await wayOf(name, inputs)] as const),
  )
  const targets = ways.flatMap(([name, way]) => (way ? [back(name, way)] : []))
  const clock = realClock
  const { each, connector: connect } = pool
  const hosts = hostsAtOnce(inputs, withPassword)
  const open = keptOpen(inputs, withPassword)
  return {
    inputs,
    each,
    connect,
    hosts,
    clock,
    back,
    targets,
    survey: (emit, only) => observeAll(among(targets, only), { each, clock, emit, open }),
  }
}
