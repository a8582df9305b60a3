import type { Clock } from '../model/clock.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { Connect, Session } from '../session/session.ts'
import type { HostLimit } from './host-limit.ts'

export interface Armed {
  readonly host: string
  readonly nonce: string
  readonly bootId: string
  /** Milliseconds from apply to rollback. */
  readonly confirmTimeout: number
  /** Monotonic: just before the host was told to arm. */
  readonly begunAt: number
  /** Monotonic: when the arming session was closed. */
  readonly closedAt: number
  /** The host has said that it knows the change. It forgets that with its boot alone. */
  readonly isKnown?: boolean
}

export interface SettleTools {
  readonly connect: Connect
  readonly clock: Clock
  readonly emit: Emit
  /** What a host looks like that doesn't know its transaction. */
  readonly lookAgain: (session: Session) => Promise<Untransacted>
  /** Asked while the new rules are in force and nothing is confirmed: why they must go, if they must. */
  readonly passes?: () => Promise<Finding | undefined>
  /** When it is up, what isn't confirmed is to be taken back. */
  readonly limit?: HostLimit
  /** Once it is persisted, over the connection that said so: what is to be said of that. */
  readonly afterwards?: (session: Session) => Promise<Finding>
}

/**
 * `under way`: somebody is at work there. `as before`: the rules and the generation are those that the plan began
 * with. `as wanted`: they are those of the transaction, confirmed. `half removed`: what stood before fleet boots, and
 * fleet's files are still there.
 */
export interface Untransacted {
  readonly is: 'under way' | 'as before' | 'as wanted' | 'half removed' | 'different'
  readonly bootId: string
  /** Milliseconds since it was booted. */
  readonly up: number
}

export type Settled = Outcome | 'disarmed'

export const fault = (code: string, args: Finding['args'] = {}): Finding => ({
  code,
  severity: 'error',
  args,
})

export const outcome = (armed: Armed, state: Outcome['state'], finding?: Finding): Outcome => ({
  host: armed.host,
  state,
  ...(finding ? { finding } : {}),
})
