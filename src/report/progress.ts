import type { Clock } from '../model/clock.ts'
import type { Emit, Event, Outcome } from '../model/event.ts'
import { createPlainView } from './plain-view.ts'
import { say } from './say.ts'
import { isGood, Tally } from './tally.ts'
import { createTerminalView } from './terminal-view.ts'
import type { Stream } from './view.ts'
import { second, span } from './words.ts'

export interface ProgressOptions {
  readonly stream: Stream
  readonly isTTY: boolean
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** The run is another process: Ctrl-C ends the looking on alone. */
  readonly isWatching?: boolean
}

export interface Progress {
  /** Awaiting it makes sure that the end of a phase is on the screen before anything else is written there. */
  readonly emit: Emit
  /** Ends what is shown. Another phase may still follow. */
  done(): Promise<void>
}

/** Shows the events of a run: one redrawn line a phase on a terminal, plain lines elsewhere. */
export function createProgress({ stream, isTTY, clock, isWatching = false }: ProgressOptions): Progress {
  const view = isTTY ? createTerminalView(stream, clock) : createPlainView(stream)
  let tally: Tally | undefined
  const done = async () => {
    const over = tally
    tally = undefined
    if (over) await view.end(over)
  }
  const start = async ({ phase, hosts, stage, stages }: PhaseStarted) => {
    await done()
    if (hosts.length === 0) return
    tally = new Tally(phase, hosts, { stage, stages, since: clock.now() })
    view.start(tally)
  }
  const pause = async ({ run, why }: Paused) => {
    await done()
    const where = isWatching ? ' at its own terminal' : ''
    stream.write(`paused: ${say(why)} Go on with \`fleet promote ${run}\`, or stop with Ctrl-C${where}.\n`)
  }
  const fail = async ({ why }: TakingBack) => {
    await done()
    stream.write(`the rollout failed: ${say(why)}\n`)
  }
  const wait = async ({ what, until, seconds }: Waiting) => {
    await done()
    stream.write(`${WAITS[what]} ${span(seconds * 1000)}, until ${second(until)}\n`)
  }
  const emit = (event: Event) => {
    if (event.type === 'phase-started') return start(event)
    if (event.type === 'rollout-paused') return pause(event)
    if (event.type === 'rollout-waiting') return wait(event)
    if (event.type === 'taking-back') return fail(event)
    tally?.add(event, clock.now())
    if (event.type === 'host-settled' && !isGood(event.state)) view.fail(failure(event))
    if (event.type === 'host-checked' && event.finding) view.fail(failure({ ...event, state: 'persisted' }))
    return tally?.isOver || event.type === 'run-ended' ? done() : undefined
  }
  return { emit, done }
}

const WAITS = {
  window: 'no host starts yet: waiting for the window',
  soak: 'soaking',
} as const

type Waiting = Extract<Event, { type: 'rollout-waiting' }>
type TakingBack = Extract<Event, { type: 'taking-back' }>
type Paused = Extract<Event, { type: 'rollout-paused' }>
type PhaseStarted = Extract<Event, { type: 'phase-started' }>

/** The first line alone: the summary says all. */
function failure({ host, state, finding }: Outcome): string {
  return `${host}: ${state}${finding ? `: ${say(finding).split('\n')[0]}` : ''}`
}
