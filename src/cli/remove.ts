import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { showPlan } from './plan.ts'
import { listHosts } from './render.ts'
import { listenToSignals } from './signals.ts'
import { prepareBack } from './ways-back.ts'

/** Takes fleet off every host, guarded as any change: what stood before is in force and boots. No template is read. */
export async function run(flags: Flags): Promise<number> {
  const signals = listenToSignals()
  const prepared = await prepareBack(flags, signals.cancel, () => ({ to: 0 }))
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  return changeHosts(flags, prepared, signals, { asks: 'Remove fleet from' })
}
