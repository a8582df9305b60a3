import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Connect, Session } from './session.ts'

export interface PoolOptions {
  /** Hosts in flight at once. */
  readonly hosts: number
  /** Connections being opened at once: handshakes are what costs both ends. */
  readonly starts: number
  readonly open: (connection: Connection, signal: AbortSignal) => Promise<Session>
  readonly signal?: AbortSignal
  /** Ends early, without an error, when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** From 0 to 1, as Math.random. */
  readonly random: () => number
}

/** "Many hosts at once", everywhere in fleet. */
export interface Pool {
  /**
   * The results in the order of `items`. Once the signal is aborted nothing new starts: those items are rejected
   * with `aborted`, `not started`.
   */
  readonly each: <T, R>(
    items: readonly T[],
    work: (item: T) => Promise<R>,
  ) => Promise<PromiseSettledResult<R>[]>
  /** How one host is connected to, each time anew. Errors: those of `open`. */
  readonly connector: (connection: Connection) => Connect
  /** The same for what all others wait for: it has its turn before those that are queued. */
  readonly ahead: (connection: Connection) => Connect
}

/** Tries in all, of connections that sshd broke off before login (MaxStartups drops some by chance). */
const TRIES = 3
/** Milliseconds before the second try; twice that before the third; each between half and the whole of it. */
const BACKOFF = 1000

export function createPool(options: PoolOptions): Pool {
  const inFlight = pLimit(options.hosts)
  const starting = pLimit(options.starts)
  const never = new AbortController().signal
  const { signal: stop = never } = options
  // A listener for each open connection is no leak.
  setMaxListeners(0, stop)
  const at = (turn: Turn) => (connection: Connection) => (signal?: AbortSignal) => {
    const either = signal ? AbortSignal.any([stop, signal]) : stop
    return openPatiently(connection, either, options, turn)
  }
  return {
    each: (items, work) =>
      Promise.allSettled(
        items.map(item =>
          inFlight(() => {
            if (stop.aborted) throw new FleetError('aborted', {}, { hostState: 'not started' })
            return work(item)
          }),
        ),
      ),
    connector: at(starting),
    ahead: at(async open => open()),
  }
}

/** When a connection may be opened. */
type Turn = <T>(open: () => Promise<T>) => Promise<T>

/** A try waits for its turn, and never holds a place while it waits for the next one. */
function openPatiently(
  connection: Connection,
  signal: AbortSignal,
  { open, sleep, random }: PoolOptions,
  turn: Turn,
): Promise<Session> {
  const aborted = () => new FleetError('aborted', { host: connection.host })
  const attempt = () =>
    turn(async () => {
      if (signal.aborted) throw aborted()
      return open(connection, signal)
    })
  return pRetry(attempt, {
    retries: TRIES - 1,
    minTimeout: 0,
    shouldRetry: ({ error }) => isWorthAnotherTry(error),
    async onFailedAttempt({ error, attemptNumber, retriesLeft }) {
      if (retriesLeft === 0 || !isWorthAnotherTry(error)) return
      await sleep(BACKOFF * attemptNumber * (0.5 + random() / 2), signal)
    },
  })
}

/** Nothing was authenticated, so nothing was run: a second try can't do anything twice. */
const isWorthAnotherTry = (error: Error) => error instanceof FleetError && error.code === 'handshake-lost'
