import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { Connect } from '../session/session.ts'

/** The time that one host has. When it is up nothing is confirmed any more, and what became of it is still read back. */
export interface HostLimit {
  /** Milliseconds. */
  readonly after: number
  /** Aborted when the time is up. */
  readonly signal: AbortSignal
}

/** Does something within a limit; without `after` there is none. */
export async function withLimit<T>(
  after: number | undefined,
  clock: Pick<Clock, 'now' | 'sleep'>,
  act: (limit?: HostLimit) => Promise<T>,
): Promise<T> {
  if (after === undefined) return act()
  const done = new AbortController()
  const up = new AbortController()
  const ends = clock.now() + after
  const wait = async () => {
    while (clock.now() < ends && !done.signal.aborted)
      await clock.sleep(Math.ceil(ends - clock.now()), done.signal)
    if (!done.signal.aborted) up.abort()
  }
  void wait()
  try {
    return await act({ after, signal: up.signal })
  } finally {
    done.abort()
  }
}

export const isUp = (limit: HostLimit | undefined): limit is HostLimit => limit?.signal.aborted ?? false

/** Connections that end with the limit, and so does whatever is waited for over them. */
export const within = (limit: HostLimit | undefined, connect: Connect): Connect =>
  limit ? () => connect(limit.signal) : connect

/** Ends one connection with the limit, until it is let be. */
export function cutAt(limit: HostLimit | undefined): {
  readonly signal?: AbortSignal
  readonly letBe: () => void
} {
  if (!limit || limit.signal.aborted) return { letBe: () => {} }
  const cut = new AbortController()
  const end = () => cut.abort()
  limit.signal.addEventListener('abort', end)
  return { signal: cut.signal, letBe: () => limit.signal.removeEventListener('abort', end) }
}

/** Before anything was handed to the host. */
export function checkLimit(limit: HostLimit | undefined): void {
  if (isUp(limit)) throw new FleetError('host-overdue', argsOf(limit), { hostState: 'failed' })
}

/** What the host came to because its time was up says so; what it came to by itself stays. */
export function sayOverdue(limit: HostLimit, outcome: Outcome): Outcome {
  const { host, state, finding } = outcome
  const isAsked = finding?.args.why === 'asked' && finding.args.saved !== 'boots'
  const isOurs = isAsked || finding?.code === 'arm-lost'
  return isOurs && (state === 'reverted' || state === 'failed') ? overdue(host, state, limit) : outcome
}

export const overdue = (host: string, state: 'reverted' | 'failed', limit: HostLimit): Outcome => ({
  host,
  state,
  finding: { code: 'host-overdue', severity: 'error', args: argsOf(limit) },
})

const argsOf = ({ after }: HostLimit): Finding['args'] => ({ seconds: after / 1000 })
