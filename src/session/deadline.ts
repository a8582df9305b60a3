import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'

type Phase = 'connect' | 'handshake' | 'auth'

/** What may end an attempt to connect from outside: the user's signal, and time. */
export interface Deadline {
  /** Its reason is the error to report. */
  readonly signal: AbortSignal
  enter(phase: Phase): void
  /** The host said something: its silence begins anew. */
  readonly heard: () => void
  clear(): void
}

/**
 * How many times `connectTimeout` a host may be silent. Whoever has taken the connection is there, and may be far
 * away, on a bad line (a packet that is lost twice costs many round trips) or slow to find a user.
 */
const SILENCE: Readonly<Record<Phase, number>> = { connect: 1, handshake: 3, auth: 3 }
/** The same for all of a phase, however much it says. */
const WHOLE: typeof SILENCE = { connect: 1, handshake: 12, auth: 12 }

/** Authentication may ask a person (a key that wants a touch): each phase has its own time. */
export function startDeadline(connection: Connection, outer: AbortSignal | undefined): Deadline {
  const { host, address, port, connectTimeout } = connection
  const controller = new AbortController()
  let phase: Phase = 'connect'
  let ends = 0
  let timer: NodeJS.Timeout | undefined
  const expire = (after: number) => {
    const args = { host, address, port, seconds: after / 1000 }
    controller.abort(new FleetError(`${phase}-timeout`, args, { hostState: 'unreachable' }))
  }
  const heard = () => {
    clearTimeout(timer)
    const silence = SILENCE[phase] * connectTimeout
    timer = setTimeout(expire, Math.min(silence, ends - performance.now()), silence)
  }
  const enter = (next: Phase) => {
    phase = next
    ends = performance.now() + WHOLE[phase] * connectTimeout
    heard()
  }
  const stop = () => controller.abort(new FleetError('aborted', { host }))
  enter('connect')
  outer?.addEventListener('abort', stop, { once: true })
  if (outer?.aborted) stop()
  return {
    signal: controller.signal,
    enter,
    heard,
    clear() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', stop)
    },
  }
}
