import type { Clock } from '../model/clock.ts'
import type { Tally } from './tally.ts'
import { columnsOf, type Stream, type View } from './view.ts'
import { cut } from './words.ts'

/** Milliseconds. A turn draws twice at most, so there are at most 10 redraws a second. */
const BETWEEN_TURNS = 200
const FAILURES_SHOWN = 5

interface Phase {
  readonly shown: Promise<void>
  readonly close: () => void
}

/** What a line may have beside its mark. The window may be made smaller while it is shown. */
const room = (stream: Stream) => Math.max(20, columnsOf(stream) - 3)

/** For a terminal: a line that is redrawn while a phase lasts, its slowest hosts and latest failures below it, and then its result. */
export function createTerminalView(stream: Stream, clock: Pick<Clock, 'now' | 'sleep'>): View {
  let phase: Phase | undefined
  let failures: readonly string[] = []
  let failed = 0
  const below = (tally: Tally) => {
    const slowest = tally.slowest(clock.now())
    const count = failed > FAILURES_SHOWN ? [`${failed} failed, the latest:`] : []
    return [...(slowest ? [slowest] : []), ...count, ...failures]
  }
  const show = async (tally: Tally, closed: AbortSignal, whenClosed: Promise<void>) => {
    const { RedrawnLine } = await import('./redrawn-line.ts')
    const title = () => tally.progress(clock.now(), room(stream))
    const line = new RedrawnLine(stream, title())
    while (!closed.aborted) {
      await Promise.race([clock.sleep(BETWEEN_TURNS), whenClosed])
      line.draw([title(), ...below(tally).map(one => cut(one, room(stream)))])
    }
    await line.end(tally.result(), tally.hasFailed)
  }
  return {
    start: tally => {
      const closing = new AbortController()
      const whenClosed = new Promise<void>(resolve => {
        closing.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      phase = { shown: show(tally, closing.signal, whenClosed), close: () => closing.abort() }
    },
    fail: line => {
      failures = [...failures, line].slice(-FAILURES_SHOWN)
      failed += 1
    },
    end: async () => {
      phase?.close()
      await phase?.shown
      phase = undefined
      failures = []
      failed = 0
    },
  }
}
