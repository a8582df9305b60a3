import {
  askRollback,
  awaitApplied,
  type Confirmation,
  confirm,
  type GuardState,
  readState,
} from '../host/guard.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { Connect, Session } from '../session/session.ts'
import { isFresh, readClocks } from './freshness.ts'
import { cutAt, type HostLimit, isUp, sayOverdue } from './host-limit.ts'

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

/** Milliseconds: how long a guard stays armed, and what a rollback may take beyond its deadline. */
const ARMED_LIMIT = 30_000
const AFTER_DEADLINE = 8_000
const BETWEEN_TRIES = 250
/** Milliseconds by which two machines may count the time since differently. */
const CLOCKS_DIFFER = 1000
/** Milliseconds for a change that was armed long ago: a connection or two. */
const AT_LEAST = 10_000

export type Settled = Outcome | 'disarmed'

/**
 * From armed to an end that was read back. A connection is opened, it asks what became of the transaction, and acts
 * by that alone; whatever fails (a connection, an answer) leads to another look over a new connection, until
 * the guard must have decided by itself. What can't be read by then is `unknown`.
 */
export async function settle(armed: Armed, tools: SettleTools): Promise<Settled> {
  const ends = armed.closedAt + ARMED_LIMIT + armed.confirmTimeout + AFTER_DEADLINE
  let until = Math.max(ends, tools.clock.now() + AT_LEAST)
  let mayAskAgain = true
  let lastError: Finding | undefined
  while (tools.clock.now() < until) {
    const wasUp = isUp(tools.limit)
    try {
      const settled = await look(armed, tools)
      if (settled) return wasUp && settled !== 'disarmed' ? sayOverdue(tools.limit, settled) : settled
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      const isCut = !wasUp && isUp(tools.limit)
      if (error.code === 'aborted' && !isCut) return outcome(armed, 'unknown', fault('let-go'))
      lastError = error.finding
      const later = tools.clock.now() + AT_LEAST
      if (mayAskAgain && error.hostState === 'unknown' && later > until) {
        // The host was there. An answer that is lost is waited for long, perhaps until all time was up.
        mayAskAgain = false
        until = later
      }
    }
    await tools.clock.sleep(BETWEEN_TRIES)
  }
  return outcome(armed, 'unknown', {
    code: 'host-silent',
    severity: 'error',
    args: { last: lastError?.code ?? '' },
  })
}

/** One connection. Undefined: not over yet, look again. */
async function look(armed: Armed, tools: SettleTools): Promise<Settled | undefined> {
  const wall = tools.clock.wall() - tools.clock.now()
  const isLate = isUp(tools.limit)
  const cut = cutAt(tools.limit)
  const session = await tools.connect(cut.signal)
  try {
    const started = { now: session.connectStart, wall: session.connectStart + wall }
    const state = await (isLate ? readState : awaitApplied)(session, armed.nonce)
    // What a host knows of a change dies with its boot: this is a copy.
    if (state.bootId !== armed.bootId) return outcome(armed, 'unknown', fault('another-host'))
    if (isLate || isOverdue(armed, tools, state))
      return await byState(armed, tools, session, await askRollback(session, armed.nonce))
    if (state.name !== 'APPLIED') return await byState(armed, tools, session, state)
    await tools.emit({ type: 'host-step', host: armed.host, step: 'applied' })
    if (!isFresh(started, readClocks(tools.clock), state.age ?? 0)) return undefined
    return await decide(armed, { ...tools, letBe: cut.letBe }, session, state)
  } catch (error) {
    if (error instanceof FleetError && error.code === 'host-unknown-nonce')
      return await withoutTransaction(armed, tools, session)
    throw error
  } finally {
    cut.letBe()
    await session.close()
  }
}

/** A guard that lives would have decided long ago: whoever asks finishes for one that died. */
function isOverdue(armed: Armed, tools: SettleTools, { name }: GuardState): boolean {
  const waited = tools.clock.now() - armed.closedAt
  if (name === 'ARMED') return waited > ARMED_LIMIT
  return (name === 'APPLYING' || name === 'ROLLING_BACK') && waited > ARMED_LIMIT + armed.confirmTimeout
}

/** Applied, and this connection proves that the host can be reached: confirm, if there is time to. */
async function decide(
  armed: Armed,
  tools: SettleTools & { readonly letBe: () => void },
  session: Session,
  state: GuardState,
): Promise<Settled | undefined> {
  if ((state.left ?? 0) < Math.min(5000, armed.confirmTimeout / 4)) {
    return byState(armed, tools, session, await askRollback(session, armed.nonce))
  }
  const wrong = await tools.passes?.()
  if (isUp(tools.limit)) return undefined
  // A confirmation is never cut short.
  tools.letBe()
  return wrong ? refuse(armed, tools, session, wrong) : confirmed(armed, tools, session)
}

/** The host goes back, and says so, because of something that only the controller saw. */
async function refuse(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  why: Finding,
): Promise<Settled | undefined> {
  const settled = await byState(armed, tools, session, await askRollback(session, armed.nonce))
  if (settled === undefined || settled === 'disarmed' || settled.state !== 'reverted') return settled
  return { ...settled, finding: why }
}

async function confirmed(armed: Armed, tools: SettleTools, session: Session): Promise<Settled | undefined> {
  await tools.emit({ type: 'host-step', host: armed.host, step: 'confirming' })
  return byConfirmation(armed, tools, session, await confirm(session, armed.nonce, armed.bootId))
}

async function byConfirmation(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  answer: Confirmation,
): Promise<Settled | undefined> {
  if (answer.is === 'persisted')
    return { ...(await persisted(armed, tools, session)), generation: answer.generation }
  if (answer.is === 'not persisted')
    return outcome(armed, 'confirmed, not persisted', fault('not-persisted', { detail: answer.detail }))
  const state = answer.is === 'changed' ? await askRollback(session, armed.nonce) : answer.state
  return byState(armed, tools, session, state)
}

const persisted = async (armed: Armed, tools: SettleTools, session: Session): Promise<Outcome> =>
  outcome(armed, 'persisted', await tools.afterwards?.(session))

async function byState(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  state: GuardState,
): Promise<Settled | undefined> {
  switch (state.name) {
    case 'PERSISTED':
    case 'CONFIRMED':
      return confirmed(armed, tools, session)
    case 'ROLLED_BACK':
      return outcome(armed, 'reverted', fault('rolled-back', { why: state.why }))
    case 'DISARMED':
      return state.why === 'session'
        ? 'disarmed'
        : outcome(armed, 'failed', fault('disarmed', { why: state.why }))
    case 'STUCK':
      return outcome(armed, 'stuck', fault('rollback-stuck'))
    default:
      return undefined
  }
}

/** The host doesn't know the transaction: it was booted meanwhile (and boots what was last confirmed), or was never armed. */
async function withoutTransaction(
  armed: Armed,
  tools: SettleTools,
  session: Session,
): Promise<Settled | undefined> {
  const found = await tools.lookAgain(session)
  if (isAnother(armed, tools, found)) return outcome(armed, 'unknown', fault('another-host'))
  if (found.is === 'under way') return undefined
  if (found.is === 'different') return outcome(armed, 'unknown', fault('transaction-lost'))
  if (found.is === 'as wanted') return persisted(armed, tools, session)
  if (found.is === 'half removed') return outcome(armed, 'failed', fault('half-removed'))
  if (found.bootId !== armed.bootId)
    return outcome(armed, 'reverted', fault('rolled-back', { why: 'reboot' }))
  const state = await burnNonce(session, armed)
  return state ? byState(armed, tools, session, state) : outcome(armed, 'failed', fault('arm-lost'))
}

/** The host itself can only have another boot if it was booted since. */
function isAnother({ bootId, begunAt }: Armed, { clock }: SettleTools, found: Untransacted): boolean {
  return found.bootId !== bootId && found.up > clock.now() - begunAt + CLOCKS_DIFFER
}

/** An arm that is still on its way to the host must not find its nonce unused. What it did before comes back. */
async function burnNonce(session: Session, { nonce }: Armed): Promise<GuardState | undefined> {
  try {
    return await askRollback(session, nonce)
  } catch (error) {
    if (error instanceof FleetError && error.code === 'host-unknown-nonce') return undefined
    throw error
  }
}

const fault = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'error', args })

const outcome = (armed: Armed, state: Outcome['state'], finding?: Finding): Outcome => ({
  host: armed.host,
  state,
  ...(finding ? { finding } : {}),
})
