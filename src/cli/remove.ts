import { observeBefore } from '../host/observe.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import { decideRemoval } from '../plan/removal.ts'
import { say } from '../report/say.ts'
import { observeAll } from '../rollout/observe-all.ts'
import type { Target } from '../rollout/target.ts'
import type { Pool } from '../session/pool.ts'
import { changeHosts } from './change.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { hostsAtOnce, poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { showPlan } from './plan.ts'
import { listHosts } from './render.ts'
import { acceptedRisks } from './risk.ts'
import { listenToSignals } from './signals.ts'
import type { Prepared } from './survey.ts'

/** Takes fleet off every host, guarded as any change: what stood before is in force and boots. No template is read. */
export async function run(flags: Flags): Promise<number> {
  const signals = listenToSignals()
  const prepared = await prepareRemoval(flags, signals.cancel)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  return changeHosts(flags, prepared, signals, 'Remove fleet from')
}

async function prepareRemoval(flags: Flags, cancel: AbortSignal): Promise<Prepared> {
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword)
  for (const finding of inputs.findings)
    if (finding.severity === 'warning') process.stderr.write(`${say(finding)}\n`)
  const pool = poolFor(inputs, withPassword, cancel)
  const targets = removalTargets(inputs, withPassword, pool)
  const clock = realClock
  const { each } = pool
  const hosts = hostsAtOnce(inputs, withPassword)
  return { inputs, each, hosts, clock, survey: emit => observeAll(targets, { each, clock, emit }) }
}

function removalTargets(inputs: Inputs, flags: Flags, pool: Pool): readonly Target[] {
  const accepts = acceptedRisks(
    flags,
    inputs.hosts.map(({ name }) => name),
  )
  return inputs.hosts.flatMap(host => {
    const connection = inputs.connections.get(host.name)
    if (!connection) return []
    const question = {
      host: host.name,
      groups: host.groups,
      preserve: fleetList(host, 'fleet_preserve') ?? [],
      replace: fleetList(host, 'fleet_replace') ?? [],
      acceptLockoutRisk: accepts(host.name),
    }
    return [
      {
        host: host.name,
        connect: pool.connector(connection),
        observe: observeBefore,
        decide: seen => decideRemoval({ ...question, seen }),
      } satisfies Target,
    ]
  })
}
