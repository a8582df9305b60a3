import { findRun } from '../journal/find.ts'
import { promote } from '../journal/promotion.ts'
import { isRunning } from '../journal/writer.ts'
import { FleetError } from '../model/error.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { findJournals } from './journals.ts'

/** Lets a paused rollout go on. It is done when the run has heard it. */
export async function run(flags: Flags): Promise<number> {
  const directory = await findJournals(flags)
  const name = flag(flags, 'run', 'string') ?? ''
  const { run, paused, writers } = await findRun(directory, name)
  if (!writers.some(isRunning)) throw new FleetError('run-not-going-on', { run })
  if (!paused) throw new FleetError('run-not-paused', { run })
  if (!(await promote(directory, run, realClock))) throw new FleetError('run-deaf', { run })
  process.stderr.write(`run ${run} goes on\n`)
  return 0
}
