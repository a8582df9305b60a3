import type { Clock } from '../model/clock.ts'
import type { Event, Outcome, WayBack } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { jsonLine } from '../report/json.ts'
import { createProgress } from '../report/progress.ts'
import { printSummary } from '../report/summary.ts'
import { printWays } from '../report/ways-back.ts'
import { hosts } from '../report/words.ts'
import { FailedBefore } from '../rollout/gates/failed-before.ts'
import type { Survey } from '../rollout/observe-all.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { showSurvey } from './plan.ts'
import { hasColor, isTerminal } from './terminal.ts'

/** How a run speaks: to a person at a terminal, into a pipe, or as JSON. */
export interface Voice {
  emit(event: Event): void | Promise<void>
  /** What an earlier process has told of the run: it isn't told again, and its end is about it too. */
  recall(event: Event): void
  /** Shows the plan and asks, where there is somebody to ask and something to change. `stages`: their sizes. */
  agree(survey: Survey, stages: () => readonly number[]): Promise<boolean>
  /** Asks whether a paused rollout goes on, until it is over; left out where nobody is asked. */
  readonly goOn?: (over: AbortSignal) => Promise<boolean>
  /** `why`: what kept it from going through all its stages. `rest`: the run by which what is left can be caught up. */
  end(outcomes: readonly Outcome[], why?: Finding, rest?: string): Promise<void>
  /** Gives the terminal back, whatever happened. */
  close(): Promise<void>
}

/** `doing`: what is asked about the hosts, such as `Apply to`. */
export function openVoice(flags: Flags, clock: Clock, doing: string): Voice {
  if (flag(flags, 'json', 'boolean')) {
    return {
      emit: event => void process.stdout.write(jsonLine(event)),
      recall: () => {},
      agree: async () => true,
      end: async () => {},
      close: async () => {},
    }
  }
  const asks = isTerminal(process.stdin) && isTerminal(process.stderr) && !flag(flags, 'yes', 'boolean')
  const show = () => createProgress({ stream: process.stderr, isTTY: isTerminal(process.stderr), clock })
  let progress = show()
  const gates = new FailedBefore()
  const ways = new Map<string, WayBack>()
  return {
    emit: event => {
      gates.hear(event)
      if (event.type === 'host-planned' && event.back) ways.set(event.host, event.back)
      return progress.emit(event)
    },
    recall: event => gates.hear(event),
    agree: async (survey, stages) => {
      const changing = survey.observed.filter(({ plan }) => plan.verdict === 'change').length
      const isWhole = asks || flag(flags, 'diff', 'boolean')
      const shown = isWhole ? showSurvey(survey) : printWays(ways)
      if (shown === '') return true
      await progress.done()
      process.stdout.write(shown)
      progress = show()
      if (!asks || changing === 0) return true
      const { askYesNo } = await import('./ask.ts')
      return askYesNo(questionOf(doing, changing, stages()))
    },
    ...(asks ? { goOn } : {}),
    end: async (outcomes, why, rest) => {
      await progress.done()
      const more = { ways, notes: gates.findings(), ...(why ? { why } : {}), ...(rest ? { rest } : {}) }
      process.stdout.write(printSummary(outcomes, { color: hasColor(process.stdout), ...more }))
    },
    close: () => progress.done(),
  }
}

/** `Apply to 50 hosts in stages of 1, 4 and 45? [y/N] `; who is in no stage is said as well. */
export function questionOf(doing: string, changing: number, stages: readonly number[]): string {
  const placed = stages.reduce((sum, size) => sum + size, 0)
  const sizes = new Intl.ListFormat('en-GB').format(stages.map(String))
  const how = stages.length > 1 ? ` in stages of ${sizes}` : ''
  const out = placed < changing ? ` and leave ${changing - placed} of ${hosts(changing)} out` : ''
  return `${doing} ${hosts(out ? placed : changing)}${how}${out}? [y/N] `
}

async function goOn(over: AbortSignal): Promise<boolean> {
  const { askYesNo } = await import('./ask.ts')
  return askYesNo('Go on? [y/N] ', over)
}
