import { history } from '../journal/history.ts'
import { runLine } from '../report/json.ts'
import { printHistory } from '../report/runs.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { readSources } from './inputs.ts'
import { journalsOf } from './journals.ts'
import { takeRunName } from './run-name.ts'
import { hasColor } from './terminal.ts'

const NEWEST = 20

/** The runs of an inventory, the newest first; or what became of one, or of one of its hosts. */
export async function run(given: Flags): Promise<number> {
  const { run: named, flags } = takeRunName(given)
  const host = flag(flags, 'host', 'string')
  if (named !== undefined && host !== undefined)
    return (await import('./show-talk.ts')).showTalk(named, host, flags)
  if (named !== undefined) return (await import('./show-run.ts')).showRun(named, flags, { isNamed: true })
  const inputs = await readSources(flags)
  const directory = journalsOf(inputs, flags)
  const most = flag(flags, 'newest', 'number') ?? NEWEST
  const runs = await history(directory, inputs.sources, { most, now: realClock.wall() })
  const [newest] = runs
  if (newest && host !== undefined) return (await import('./show-talk.ts')).showTalk(newest.run, host, flags)
  if (flag(flags, 'json', 'boolean')) for (const one of runs) process.stdout.write(runLine(one))
  else if (runs.length > 0) process.stdout.write(printHistory(runs, { color: hasColor(process.stdout) }))
  else process.stderr.write(`There is no run of this inventory in ${directory} yet.\n`)
  return 0
}
