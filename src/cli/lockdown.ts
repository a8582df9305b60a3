import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { rolloutOfCommand } from './course.ts'
import { flag } from './flag.ts'
import { listHosts } from './list-hosts.ts'
import { prepareLockdown } from './lockdown-targets.ts'
import { showPlan } from './plan.ts'
import { listenToSignals } from './signals.ts'

/** Leaves only SSH, from fleet itself and from fleet_management; or takes that back. Guarded as any change is. */
export async function run(flags: Flags): Promise<number> {
  const signals = listenToSignals()
  const prepared = await prepareLockdown(flags, signals.cancel)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  const asks = flag(flags, 'release', 'boolean') ? 'Release' : 'Lock down'
  const rollout = rolloutOfCommand('lockdown', prepared.inputs, flags)
  return changeHosts(flags, prepared, signals, { asks, rollout })
}
