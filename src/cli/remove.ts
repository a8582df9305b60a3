import { FleetError } from '../model/error.ts'
import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { goesBack, rolloutOfCommand } from './course.ts'
import { flag } from './flag.ts'
import { listHosts } from './list-hosts.ts'
import { showPlan } from './plan.ts'
import { listenToSignals } from './signals.ts'
import { ALL_OF_IT } from './way-of.ts'
import { prepareBack } from './ways-back.ts'

/** Takes fleet off every host, guarded as any change: what stood before is in force and boots. No template is read. */
export async function run(flags: Flags): Promise<number> {
  const onFailure = flag(flags, 'on-failure', 'string')
  if (onFailure !== undefined && goesBack(onFailure)) throw new FleetError('remove-is-final', { onFailure })
  const signals = listenToSignals()
  const prepared = await prepareBack(flags, signals.cancel, () => ALL_OF_IT)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  const rollout = rolloutOfCommand('remove', prepared.inputs, flags)
  return changeHosts(flags, prepared, signals, { asks: 'Remove fleet from', rollout })
}
