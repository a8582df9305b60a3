import { journalFile } from '../journal/append.ts'
import { findRun } from '../journal/find.ts'
import { recordOf, writersOf } from '../journal/record.ts'
import type { Recorded } from '../journal/replay.ts'
import { conditionOf, whyOf } from '../journal/summary.ts'
import { openTail } from '../journal/tail.ts'
import { isRunning } from '../journal/writer.ts'
import { createProgress } from '../report/progress.ts'
import { printSummary } from '../report/summary.ts'
import { findFailedBefore } from '../rollout/gates/failed-before.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { findJournals } from './journals.ts'
import { exitCodeOfRun, outcomesOf, showRun } from './show-run.ts'
import { cancelOnSignal } from './signals.ts'
import { hasColor, isTerminal } from './terminal.ts'

/** Milliseconds between two looks into the journal. */
const BETWEEN_LOOKS = 250

/** A run as its own terminal shows it, until it ends or nobody is at it; into a pipe, what it is now. */
export async function watchRun(run: string, flags: Flags): Promise<number> {
  const isWatched = isTerminal(process.stdout) && isTerminal(process.stderr)
  const directory = await findJournals(flags)
  const found = conditionOf(await findRun(directory, run))
  const isOpen = found === 'going on' || found === 'paused'
  if (!isOpen || !isWatched || flag(flags, 'json', 'boolean')) return showRun(run, flags)
  const over = cancelOnSignal()
  const recorded = await follow(journalFile(directory, run), over)
  const record = recordOf(recorded)
  if (!record) return 4
  if (over.aborted) return exitCodeOfRun(record, [])
  const outcomes = outcomesOf(record)
  if (conditionOf(record) === 'died') return showRun(run, flags)
  const why = whyOf(recorded)
  const notes = findFailedBefore(recorded.map(({ event }) => event))
  const more = { color: hasColor(process.stdout), notes, ...(why ? { why } : {}) }
  process.stdout.write(printSummary(outcomes, more))
  return exitCodeOfRun(record, outcomes, why)
}

/** Shows all that happens until nobody writes any more. */
export async function follow(file: string, over: AbortSignal): Promise<readonly Recorded[]> {
  const tail = await openTail(file)
  const shown = showEvents()
  const recorded: Recorded[] = []
  try {
    while (!over.aborted) {
      const isLast = !isGoingOn(recorded)
      const fresh = await tail.read()
      for (const one of fresh) recorded.push(one)
      await shown.show(fresh)
      // What a process wrote before it ended is there by now.
      if (isLast && fresh.length === 0 && recorded.length > 0) break
      await realClock.sleep(BETWEEN_LOOKS, over)
    }
  } finally {
    await shown.end()
    await tail.close()
  }
  return recorded
}

/** Asked four times a second, of runs with a hundred thousand events. */
function isGoingOn(recorded: readonly Recorded[]): boolean {
  const { writers, isEnded } = writersOf(recorded)
  return !isEnded && writers.some(isRunning)
}

/** The progress of a run, whose past happened at the times that the journal says. */
function showEvents() {
  let past: number | undefined
  const now = () => past ?? realClock.wall()
  const clock = { ...realClock, now }
  const progress = createProgress({ stream: process.stderr, isTTY: true, clock, isWatching: true })
  return {
    show: async (fresh: readonly Recorded[]) => {
      const promoted = fresh.findLastIndex(({ event }) => event.type === 'rollout-promoted')
      for (const [at, { at: moment, event }] of fresh.entries()) {
        past = Date.parse(moment)
        const isOver =
          (event.type === 'rollout-paused' && at < promoted) ||
          (event.type === 'rollout-waiting' && Date.parse(event.until) < realClock.wall())
        if (!isOver) await progress.emit(event)
      }
      past = undefined
    },
    end: () => progress.done(),
  }
}
