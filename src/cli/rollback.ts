import { findRun } from '../journal/find.ts'
import { FleetError } from '../model/error.ts'
import { say } from '../report/say.ts'
import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { journalsOf } from './journals.ts'
import { listHosts } from './list-hosts.ts'
import { showPlan } from './plan.ts'
import type { Prepared } from './prepared.ts'
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
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.targets.map(({ host }) => host))
  if (name !== undefined) await tellStaying(name, prepared, flags)
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  return changeHosts(flags, prepared, signals, { asks: 'Roll back', rollout: {}, isCaughtUp: true })
}

/** Hosts of the run that stay as they are would be passed over in silence; where all of them do that is the result. */
async function tellStaying(run: string, { inputs, targets }: Prepared, flags: Flags): Promise<void> {
  const going = new Set(targets.map(({ host }) => host))
  const { hosts } = await findRun(journalsOf(inputs, flags), run)
  const staying = inputs.hosts.flatMap(({ name }) => (hosts.has(name) && !going.has(name) ? [name] : []))
  if (staying.length === 0 && going.size > 0) return
  const line = say({ code: 'rollback-stays', severity: 'note', args: { run, hosts: staying } })
  const isResult = going.size === 0 && !flag(flags, 'json', 'boolean')
  ;(isResult ? process.stdout : process.stderr).write(`${line}\n`)
}
