import { askRollback, type GuardState } from '../host/guard.ts'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { type Armed, fault, outcome, type Settled, type SettleTools, type Untransacted } from './armed.ts'
import { byState, persisted } from './by-state.ts'

/** Milliseconds by which two machines may count the time since differently. */
const CLOCKS_DIFFER = 1000

/** The host doesn't know the transaction: it was booted meanwhile (and boots what was last confirmed), or was never armed. */
export async function withoutTransaction(
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
