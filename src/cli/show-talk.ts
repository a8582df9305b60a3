import { journalFile } from '../journal/append.ts'
import { findRun } from '../journal/find.ts'
import { readJournal } from '../journal/replay.ts'
import { FleetError } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import { jsonLine } from '../report/json.ts'
import { printTalk } from '../report/talk.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { findJournals } from './journals.ts'

/** What a host of a run was asked and what it answered. Errors: `run-unknown`, `host-not-in-run`. */
export async function showTalk(run: string, host: string, flags: Flags): Promise<number> {
  const directory = await findJournals(flags)
  const { hosts } = await findRun(directory, run)
  if (!hosts.has(host))
    throw new FleetError('host-not-in-run', { host, run, nearest: nearest(host, hosts.keys()) ?? '' })
  const recorded = await readJournal(journalFile(directory, run))
  if (flag(flags, 'json', 'boolean')) {
    for (const { event } of recorded)
      if ('host' in event && event.host === host) process.stdout.write(jsonLine(event))
  } else process.stdout.write(printTalk(recorded, host))
  return 0
}
