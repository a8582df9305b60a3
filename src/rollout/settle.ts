import { askRollback, awaitApplied, type GuardState, readState } from '../host/guard.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { type Armed, fault, outcome, type Settled, type SettleTools } from './armed.ts'
import { byState, decide } from './by-state.ts'
import { isFresh, readClocks } from './freshness.ts'
import { cutAt, isUp, sayOverdue } from './host-limit.ts'
import { withoutTransaction } from './without-transaction.ts'

/** Milliseconds: how long a guard stays armed, and what a rollback may take beyond its deadline. */
const ARMED_LIMIT = 30_000
const AFTER_DEADLINE = 8_000
const BETWEEN_TRIES = 250
/** Milliseconds for a change that was armed long ago: a connection or two. */
const AT_LEAST = 10_000

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
  let { isKnown = false } = armed
  const hear = () => {
    isKnown = true
  }
  while (tools.clock.now() < until) {
    const wasUp = isUp(tools.limit)
    try {
      const settled = await look({ ...armed, isKnown }, tools, hear)
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
async function look(armed: Armed, tools: SettleTools, hear: () => void): Promise<Settled | undefined> {
  const wall = tools.clock.wall() - tools.clock.now()
  const isLate = isUp(tools.limit)
  const cut = cutAt(tools.limit)
  const session = await tools.connect(cut.signal)
  try {
    const started = { now: session.connectStart, wall: session.connectStart + wall }
    const state = await (isLate ? readState : awaitApplied)(session, armed.nonce)
    // What a host knows of a change dies with its boot: this is a copy.
    if (state.bootId !== armed.bootId) return outcome(armed, 'unknown', fault('another-host'))
    hear()
    if (isLate || isOverdue(armed, tools, state))
      return await byState(armed, tools, session, await askRollback(session, armed.nonce))
    if (state.name !== 'APPLIED') return await byState(armed, tools, session, state)
    await tools.emit({ type: 'host-step', host: armed.host, step: 'applied' })
    if (!isFresh(started, readClocks(tools.clock), state)) {
      await tools.emit({ type: 'host-step', host: armed.host, step: 'reconnecting' })
      return undefined
    }
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
