import type { Event } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { RunSummary } from '../model/run.ts'
import { type RunRecord, recordOf } from './record.ts'
import type { Recorded } from './replay.ts'
import { isRunning } from './writer.ts'

/** A run in one line. Undefined for a journal without a beginning. `now`: milliseconds since the epoch. */
export function summaryOf(recorded: readonly Recorded[], now: number): RunSummary | undefined {
  const record = recordOf(recorded)
  const [first] = recorded
  if (!record || first?.event.type !== 'run-started') return undefined
  const { run, who, command, inventory, since } = record
  const is = conditionOf(record)
  const why = record.paused ?? record.takingBack?.why ?? (is === 'ended' ? whyOf(recorded) : undefined)
  return {
    run,
    who,
    command,
    inventory,
    since,
    took: workedOn(recorded, is === 'going on' || is === 'paused' ? now : undefined),
    is,
    ...(why ? { why } : {}),
    hosts: first.event.hosts,
    states: is === 'ended' ? statesAtEnd(recorded) : statesOf(record),
  }
}

export function conditionOf({ isEnded, writers, paused }: RunRecord): RunSummary['is'] {
  if (isEnded) return 'ended'
  if (!writers.some(isRunning)) return 'died'
  return paused ? 'paused' : 'going on'
}

/** Of a run that was gone on with, what the last one came to. */
export function whyOf(recorded: readonly Recorded[]): Finding | undefined {
  const last = recorded.findLast(({ event }) => event.type === 'rollout-stopped' || isBeginning(event))
  return last?.event.type === 'rollout-stopped' ? last.event.why : undefined
}

const isBeginning = ({ type }: Event) => type === 'run-started' || type === 'run-resumed'

function workedOn(recorded: readonly Recorded[], now: number | undefined): number {
  let took = 0
  let begin = 0
  let last = 0
  for (const { at, event } of recorded) {
    const moment = Date.parse(at)
    if (isBeginning(event)) {
      took += last - begin
      begin = moment
    }
    last = moment
  }
  return took + (now ?? last) - begin
}

function statesAtEnd(recorded: readonly Recorded[]): RunSummary['states'] {
  const end = recorded.findLast(({ event }) => event.type === 'run-ended')
  return end?.event.type === 'run-ended' ? end.event.states : {}
}

function statesOf({ hosts }: RunRecord): RunSummary['states'] {
  const states: Partial<Record<HostState, number>> = {}
  for (const { outcome, isInFlight } of hosts.values())
    if (outcome && !isInFlight) states[outcome.state] = (states[outcome.state] ?? 0) + 1
  return states
}
