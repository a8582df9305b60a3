import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import { runAsRoot } from './become.ts'
import type { Answer, Run, Session } from './session.ts'

/** Milliseconds that sshd gets to close its side before the socket is destroyed. */
const CLOSE_GRACE = 2000

interface Opened {
  /** What the client talks over: its own `destroy` does nothing once it has said goodbye. */
  readonly socket: Duplex
  readonly connection: Connection
  readonly connectStart: number
  readonly signal?: AbortSignal
}

/** A session over a client that is ready. */
export function openSession(client: Client, opened: Opened): Session {
  const { socket, connection, connectStart, signal } = opened
  const { host } = connection
  /** Why it is closed; an error is made where it is thrown: most sessions end well, and a stack costs 40 us. */
  let closed: (() => FleetError) | undefined
  let ran = false
  /** A script is on its way, or was when the connection ended. */
  let running = false
  let queue: Promise<unknown> = Promise.resolve()
  const lost = (reason: string) =>
    new FleetError('connection-lost', { host, reason }, { hostState: running ? 'unknown' : 'unreachable' })
  client.on('error', error => {
    closed ??= () => lost(error.message)
  })
  const gone = new Promise<void>(resolve => {
    client.on('close', () => {
      closed ??= () => lost('the connection was closed')
      signal?.removeEventListener('abort', abort)
      resolve()
    })
  })
  const abort = () => {
    closed ??= () => new FleetError('aborted', { host }, ran ? { hostState: 'unknown' } : {})
    socket.destroy()
  }
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()

  const reason = () => closed?.() ?? lost('the connection was closed')

  async function runNow(run: Run): Promise<Answer> {
    if (closed) throw closed()
    ran = true
    running = true
    try {
      const answer = await Promise.race([runAsRoot(client, connection, run), gone])
      // A connection that breaks closes its channels, too, but only after it is gone.
      if (answer) return answer
      throw reason()
    } finally {
      running = false
    }
  }

  return {
    connectStart,
    run(run) {
      const answer = queue.then(() => runNow(run))
      queue = answer.catch(() => {})
      return answer
    },
    close() {
      closed ??= () => lost('fleet closed the connection')
      client.end()
      const force = setTimeout(() => socket.destroy(), CLOSE_GRACE)
      return gone.finally(() => clearTimeout(force))
    },
  }
}
