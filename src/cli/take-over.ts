import { type Journal, journalFile, reopenJournal } from '../journal/append.ts'
import { type RunRecord, recordOf } from '../journal/record.ts'
import { readJournal } from '../journal/replay.ts'
import { isRunning } from '../journal/writer.ts'
import { FleetError } from '../model/error.ts'
import type { Event, Writer } from '../model/event.ts'
import { realClock } from './clock.ts'
import { warn } from './warnings.ts'

export type Resumed = Extract<Event, { type: 'run-resumed' }>

export function refuseIfGoingOn(record: RunRecord, self?: Writer): void {
  const { run, who, since } = record
  const writer = record.writers.find(isRunning)
  if (!writer || (self && writer.pid === self.pid && writer.start === self.start)) return
  throw new FleetError('run-going-on', { run, who, since, pid: writer.pid })
}

/**
 * The journal is what two of them would meet at: the first line that a living one wrote decides. Whoever came to an end
 * since it was read has written what is to be gone on by. Errors: `run-going-on`, `run-moved`, `journal-unwritable`.
 */
export async function takeOver(
  directory: string,
  { run, length }: Pick<RunRecord, 'run' | 'length'>,
  resumed: Resumed,
): Promise<Journal> {
  const file = journalFile(directory, run)
  if ((await readJournal(file)).length !== length) throw new FleetError('run-moved', { run })
  const journal = await reopenJournal(directory, run, { clock: realClock, warn })
  try {
    await journal.append(resumed)
    const record = recordOf(await readJournal(file))
    if (record) refuseIfGoingOn(record, resumed.writer)
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}
