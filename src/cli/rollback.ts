import { findRun } from '../journal/find.ts'
import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { journalsOf } from './journals.ts'
import { showPlan } from './plan.ts'
import type { Way } from './prepared.ts'
import { listHosts } from './render.ts'
import { listenToSignals } from './signals.ts'
import { prepareBack } from './ways-back.ts'

/**
 * Takes hosts back to generations of their own, guarded, all at once: those that a run changed to what each had before
 * it; with `--to` to one generation; else the hosts that `-l` names to the one before.
 */
export async function run(flags: Flags): Promise<number> {
  const name = flag(flags, 'run', 'string')
  const to = flag(flags, 'to', 'number')
  const isLimited = flag(flags, 'limit', 'string') !== undefined
  if (name !== undefined && to !== undefined) throw new FleetError('rollback-both', { run: name, to })
  if (name === undefined && to === undefined && !isLimited) throw new FleetError('rollback-nothing')
  const signals = listenToSignals()
  let record: Promise<RunRecord> | undefined
  const wayOf = async (host: string, inputs: Inputs): Promise<Way | undefined> => {
    if (to !== undefined) return { to }
    if (name === undefined) return { to: 'previous' }
    record ??= findRun(journalsOf(inputs, flags), name)
    return wayOfRun(host, await record)
  }
  const prepared = await prepareBack(flags, signals.cancel, wayOf)
  if (flag(flags, 'list-hosts', 'boolean'))
    return listHosts(prepared.inputs.hosts.map(({ name: one }) => one))
  if (flag(flags, 'check', 'boolean')) return showPlan(flags, prepared)
  return changeHosts(flags, prepared, signals, 'Roll back')
}

/** Hosts that the run has not left on the generation it made are as they were. */
function wayOfRun(host: string, { hosts }: RunRecord): Way | undefined {
  const known = hosts.get(host)
  if (!known?.handover || !known.outcome) return undefined
  const { state } = known.outcome
  if (state !== 'persisted' && state !== 'confirmed, not persisted' && state !== 'unknown') return undefined
  return { from: known.handover.generation, to: known.handover.base }
}
