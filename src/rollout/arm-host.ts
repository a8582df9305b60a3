import { arm, go, type Transaction } from '../host/guard.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import type { Target } from './target.ts'

/**
 * Milliseconds after the close before the next connection is opened. One that begins too early (freshness.ts) costs
 * a third, which is dearer than to wait. The guard looks for the session every 20 ms, loads, and reads back: on a
 * host at rest the load time and 50 ms, after which the freshness proof wants 100 ms more. Arming did the
 * same several times over, so a host that is slow shows it there: of 50 hosts that share two cores 9 in 10 had
 * applied after 0.4 of that time. Never more than a quarter of what there is to confirm in.
 */
export function waitFor({ loadTime, armTime }: Omit<Arming, 'isKnown'>, confirmTimeout: number): number {
  return Math.max(loadTime + 150, Math.min(armTime / 2 + 100, confirmTimeout / 4))
}

/** Milliseconds: what `do` took in the rehearsal, and all of `arm` as seen from here. */
interface Arming {
  readonly loadTime: number
  readonly armTime: number
  /** Whether the host answered: it is armed. */
  readonly isKnown: boolean
}

/** Hands the change over and closes the session: that is the go. An answer that was lost may have been a yes. */
export async function armAndClose(
  target: Target,
  session: Session,
  transaction: Transaction,
  clock: Clock,
): Promise<Arming> {
  try {
    const began = clock.now()
    const { loadTime, needsGo } = await arm(session, transaction)
    const armTime = clock.now() - began
    await session.close()
    if (needsGo) await sayGo(target, transaction.nonce)
    return { loadTime, armTime, isKnown: true }
  } catch (error) {
    await session.close()
    if (mayHaveArmed(error)) return { loadTime: 1000, armTime: 0, isKnown: false }
    throw error
  }
}

/** Also where nothing was heard of the command: the host did run one over this session, so the silence proves nothing. */
const mayHaveArmed = (error: unknown) =>
  error instanceof FleetError &&
  (error.hostState === 'unknown' || error.code === 'shell-refused' || error.code === 'sudo-refused')

/** A go that didn't arrive is no verdict: the guard is armed, and disarms if it never hears one. */
async function sayGo(target: Target, nonce: string): Promise<void> {
  try {
    const session = await target.connect()
    try {
      await go(session, nonce)
    } finally {
      await session.close()
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
  }
}
