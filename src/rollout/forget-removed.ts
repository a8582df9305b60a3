import { forget } from '../host/guard.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Session } from '../session/session.ts'

/** The last step of a removal. What is left if it fails is in nobody's way, so it is said and changes no verdict. */
export async function forgetRemoved(session: Session, nonce: string): Promise<Finding> {
  try {
    await forget(session, nonce)
    return { code: 'removed', severity: 'note', args: {} }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return { code: 'removed-not-forgotten', severity: 'warning', args: { last: error.code } }
  }
}
