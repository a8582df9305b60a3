import { journalFile } from '../journal/append.ts'
import { findRun } from '../journal/find.ts'
import type { HostRecord } from '../journal/host-record.ts'
import type { RunRecord } from '../journal/record.ts'
import { readJournal } from '../journal/replay.ts'
import { conditionOf, summaryOf } from '../journal/summary.ts'
import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { jsonLine, runLine } from '../report/json.ts'
import { printRun } from '../report/runs.ts'
import { printSummary } from '../report/summary.ts'
import { findFailedBefore } from '../rollout/gates/failed-before.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { isToGoBack } from './earlier.ts'
import { flag } from './flag.ts'
import { findJournals } from './journals.ts'
import { reportOf } from './report.ts'
import { hasColor } from './terminal.ts'

/** What a run is now, and what became of its hosts so far. 2 where it goes on; else the worst of its hosts. */
export async function showRun(run: string, flags: Flags, { isNamed = false } = {}): Promise<number> {
  const report = await reportOf(flags)
  const directory = await findJournals(flags)
  const record = await findRun(directory, run)
  const recorded = await readJournal(journalFile(directory, run))
  const summary = summaryOf(recorded, realClock.wall())
  const known = outcomesOf(record)
  const color = hasColor(process.stdout)
  if (flag(flags, 'json', 'boolean')) {
    if (summary) process.stdout.write(runLine(summary))
    for (const outcome of known) process.stdout.write(jsonLine({ type: 'host-settled', ...outcome }))
  } else if (summary) {
    const notes = findFailedBefore(recorded.map(({ event }) => event))
    process.stdout.write(`${printRun(summary, { color })}${printSummary(known, { color, notes, isNamed })}`)
  }
  await report?.write(journalFile(directory, run))
  return exitCodeOfRun(record, known, summary?.why)
}

export function exitCodeOfRun(record: RunRecord, outcomes: readonly Outcome[], why?: Finding): number {
  const is = conditionOf(record)
  return is === 'going on' || is === 'paused' ? 2 : exitCodeOf(outcomes, why)
}

/** What is known of each host: of a run that goes on, those that have come to an end. */
export function outcomesOf(record: RunRecord): readonly Outcome[] {
  const isOpen = ['going on', 'paused'].includes(conditionOf(record))
  return [...record.hosts].flatMap(([host, one]) => {
    const { outcome } = one
    // What was said of it before it was handed something once more is over.
    if (!outcome || one.isInFlight) return isOpen ? [] : [leftOf(host, one)]
    if (isOpen || !record.takingBack || !isToGoBack(one)) return outcome
    return { ...outcome, finding: fault('left-to-go-back') }
  })
}

function leftOf(host: string, { handover, verdict, isGoingBack }: HostRecord): Outcome {
  if (handover)
    return { host, state: 'unknown', finding: fault(isGoingBack ? 'left-going-back' : 'left-in-flight') }
  return { host, state: verdict === 'unchanged' ? 'unchanged' : 'not started' }
}

const fault = (code: string): Finding => ({ code, severity: 'error', args: {} })
