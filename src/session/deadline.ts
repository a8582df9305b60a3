import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'

type Phase = 'connect' | 'handshake' | 'auth'

/** What may end an attempt to connect from outside: the user's signal, and time. */
export interface Deadline {
  /** Its reason is the error to report. */
  readonly signal: AbortSignal
  /** Authentication may ask a person (a key that wants a touch): it gets the time anew. */
  enter(phase: Phase): void
  clear(): void
}

/** `connectTimeout` for the TCP connection and the handshake together, and as much for authentication. */
export function startDeadline(connection: Connection, outer: AbortSignal | undefined): Deadline {
  const { host, address, port, connectTimeout } = connection
  const controller = new AbortController()
  let phase: Phase = 'connect'
  const expire = () => {
    const args = { host, address, port, seconds: connectTimeout / 1000 }
    controller.abort(new FleetError(`${phase}-timeout`, args, { hostState: 'unreachable' }))
  }
  let timer = setTimeout(expire, connectTimeout)
  const stop = () => controller.abort(new FleetError('aborted', { host }))
  outer?.addEventListener('abort', stop, { once: true })
  if (outer?.aborted) stop()
  return {
    signal: controller.signal,
    enter(next) {
      phase = next
      if (next !== 'auth') return
      clearTimeout(timer)
      timer = setTimeout(expire, connectTimeout)
    },
    clear() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', stop)
    },
  }
}
