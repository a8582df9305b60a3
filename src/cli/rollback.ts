import { FleetError } from '../model/error.ts'
import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { listHosts } from './list-hosts.ts'
import { showPlan } from './plan.ts'
import { listenToSignals } from './signals.ts'
import { waysOf } from './way-of.ts'
import { prepareBack } from './ways-back.ts'

/** Takes hosts back to generations of their own, guarded, all at once: no stages, no gates. */
export async function run(flags: Flags): Promise<number> {
  const name = flag(flags, 'run', 'string')
  const to = flag(flags, 'to', 'number')
  const isLimited = flag(flags, 'limit', 'string') !== undefined
  if (name !== undefined && to !== undefined) throw new FleetError('rollback-both', { run: name, to })
  if (name === undefined && to === undefined && !isLimited) throw new FleetError('rollback-nothing')
  const signals = listenToSignals()
  const prepared = await prepareBack(flags, signals.cancel, waysOf(flags))
  if (flag(flags, 'list-hosts', 'boolean'))
    return listHosts(prepared.inputs.hosts.map(({ name: one }) => one))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  return changeHosts(flags, prepared, signals, { asks: 'Roll back', rollout: {}, isCaughtUp: true })
}
