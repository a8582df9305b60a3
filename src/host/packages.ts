import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { callHost, EXIT, stopOf } from './call.ts'
import { readFacts } from './pieces.ts'

/** Milliseconds: what the host takes at most besides waiting, for unpacking and setting up above all. */
const INSTALLATION = 800_000

/**
 * Installs what is missing and loads nothing by it. The packages that were set up come back. `wait` is how many
 * milliseconds it may be kept waiting by others that use apt, and by apt's sources.
 * Errors: `packages-refused` (nothing done), `packages-failed`, callHost's.
 */
export async function installPackages(session: Session, wait: number): Promise<readonly string[]> {
  const reply = await callHost(session, {
    verb: 'packages',
    args: [String(Math.ceil(wait / 1000))],
    timeout: wait + INSTALLATION,
  })
  if (reply.code === EXIT.done) return readFacts(reply.pieces.get('packages')).get('installed') ?? []
  const { why, detail } = stopOf(reply)
  const code = reply.code === EXIT.refused ? 'packages-refused' : 'packages-failed'
  throw new FleetError(
    code,
    { why, detail },
    { hostState: reply.code === EXIT.refused ? 'refused' : 'failed' },
  )
}
