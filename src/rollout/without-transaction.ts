import { askRollback, type GuardState } from '../host/guard.ts'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { type Armed, fault, outcome, type Settled, type SettleTools, type Untransacted } from './armed.ts'
import { byState, persisted } from './by-state.ts'

/** Milliseconds by which two machines may count the time since differently. */
const CLOCKS_DIFFER = 1000
/** Milliseconds since its boot in which a host may let somebody in, and not have loaded its rules yet. */
const BOOTING = 20_000
const BETWEEN_LOOKS = 500

/** The host doesn't know the transaction: it was booted meanwhile (and boots what was last confirmed), or was never armed. */
export async function withoutTransaction(
  armed: Armed,
  tools: SettleTools,
  session: Session,
): Promise<Settled | undefined> {
  const found = await lookAfterBoot(armed, tools, session)
  if (isAnother(armed, tools, found)) return outcome(armed, 'unknown', fault('another-host'))
  if (found.is === 'under way') return undefined
  if (found.is === 'different') return outcome(armed, 'unknown', fault('transaction-lost'))
  if (found.is === 'as wanted') return persisted(armed, tools, session)
  if (found.is === 'half removed') return outcome(armed, 'failed', fault('half-removed'))
  if (wasBooted(armed, tools, found))
    return outcome(armed, 'reverted', fault('rolled-back', { why: 'reboot' }))
  // It knew the change, and this one never heard of it: containers on one machine have one boot id.
  if (armed.isKnown) return outcome(armed, 'unknown', fault('another-host'))
  const state = await burnNonce(session, armed)
  return state ? byState(armed, tools, session, state) : outcome(armed, 'failed', fault('arm-lost'))
}

/** Nothing makes sshd wait for the rules where no service sets up the network. */
async function lookAfterBoot(armed: Armed, tools: SettleTools, session: Session): Promise<Untransacted> {
  let found = await tools.lookAgain(session)
  const until = tools.clock.now() + BOOTING - found.up
  const mayBeLoading = () =>
    found.is === 'different' && wasBooted(armed, tools, found) && !isAnother(armed, tools, found)
  while (mayBeLoading() && tools.clock.now() < until) {
    await tools.clock.sleep(BETWEEN_LOOKS)
    found = await tools.lookAgain(session)
  }
  return found
}

/** The host itself can only have another boot if it was booted since. */
function isAnother({ bootId, begunAt }: Armed, { clock }: SettleTools, found: Untransacted): boolean {
  return found.bootId !== bootId && found.up > clock.now() - begunAt + CLOCKS_DIFFER
}

/** A container that is started again keeps its kernel's boot id, and its first process is a new one. */
function wasBooted({ bootId, begunAt }: Armed, { clock }: SettleTools, { bootId: now, up }: Untransacted) {
  return now !== bootId || (up > 0 && up + CLOCKS_DIFFER < clock.now() - begunAt)
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
