import { type Journal, journalFile, reopenJournal } from '../journal/append.ts'
import { type RunRecord, recordOf } from '../journal/record.ts'
import { readJournal } from '../journal/replay.ts'
import { isRunning } from '../journal/writer.ts'
import { FleetError } from '../model/error.ts'
import type { Event, Writer } from '../model/event.ts'
import { warn } from './change.ts'
import { realClock } from './clock.ts'

export type Resumed = Extract<Event, { type: 'run-resumed' }>

export function refuseIfGoingOn(record: RunRecord, self?: Writer): void {
  const { run, who, since } = record
  const writer = record.writers.find(isRunning)
  if (!writer || (self && writer.pid === self.pid && writer.start === self.start)) return
  throw new FleetError('run-going-on', { run, who, since, pid: writer.pid })
}

/** The journal is what two of them would meet at: the first line that a living one wrote decides. */
export async function takeOver(directory: string, { run }: RunRecord, resumed: Resumed): Promise<Journal> {
  const journal = await reopenJournal(directory, run, { clock: realClock, warn })
  try {
    await journal.append(resumed)
    const record = recordOf(await readJournal(journalFile(directory, run)))
    if (record) refuseIfGoingOn(record, resumed.writer)
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}
