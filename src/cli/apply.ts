import { changeHosts } from './change.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { listHosts } from './list-hosts.ts'
import { run as runPlan } from './plan.ts'
import { listenToSignals } from './signals.ts'
import { prepare } from './survey.ts'

/** Brings every host to its rules. Exit codes: docs/exit-codes.md. */
export async function run(flags: Flags): Promise<number> {
  if (flag(flags, 'check', 'boolean')) return runPlan(flags)
  const signals = listenToSignals()
  const prepared = await prepare(flags, signals.cancel)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  return changeHosts(flags, prepared, signals, { asks: 'Apply to' })
}
