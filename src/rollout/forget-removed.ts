import { removeBlocks } from '../host/block.ts'
import { forget } from '../host/guard.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Session } from '../session/session.ts'

/**
 * The last step of a removal. What is left if it fails is in nobody's way, so it is said and changes no verdict; but for
 * blocks, where those go too.
 */
export async function forgetRemoved(
  session: Session,
  nonce: string,
  { removesBlocks = false }: { readonly removesBlocks?: boolean } = {},
): Promise<Finding> {
  try {
    if (removesBlocks) await removeBlocks(session)
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return { code: 'blocks-stay', severity: 'error', args: { last: error.code } }
  }
  try {
    await forget(session, nonce)
    return { code: 'removed', severity: 'note', args: { blocks: removesBlocks ? 'gone' : 'kept' } }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return { code: 'removed-not-forgotten', severity: 'warning', args: { last: error.code } }
  }
}
