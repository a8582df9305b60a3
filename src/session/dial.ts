import { connect, type Socket } from 'node:net'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'

/**
 * How long one of a name's several addresses is tried before the next. Node's own 250 ms would give up on every
 * address of a host that is far away.
 */
const ATTEMPT = 3000

/**
 * A TCP connection, without Nagle's delay: with it a handshake of small packets takes four times as long.
 * Errors, `unreachable`: `name-not-found`, `connect-refused`, `connect-timeout`, `connect-failed`; `aborted`.
 */
export function dial(connection: Connection, signal: AbortSignal): Promise<Socket> {
  const { address, port } = connection
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT,
    })
    const stop = () => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop)
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', cause => {
      signal.removeEventListener('abort', stop)
      reject(explain(connection, cause))
    })
    if (signal.aborted) stop()
  })
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
  EAI_NODATA: 'name-not-found',
  ECONNREFUSED: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
}

function explain({ host, address, port, connectTimeout }: Connection, cause: Error): FleetError {
  // A name of several addresses fails with one error for each of them.
  const error: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  const reason = error instanceof Error && 'code' in error ? String(error.code) : cause.message
  const args = { host, address, port, reason, seconds: connectTimeout / 1000 }
  return new FleetError(CODES[reason] ?? 'connect-failed', args, { hostState: 'unreachable', cause })
}
