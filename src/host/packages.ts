import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { callHost, EXIT, stopOf } from './call.ts'
import { readFacts } from './pieces.ts'

/** Milliseconds: apt's own waits, a download and the unpacking on a slow host. */
const TIMEOUT = 1_000_000
const SECONDS_FOR_DPKG = 120

/**
 * Installs what is missing and loads nothing by it. The packages that were set up come back.
 * Errors: `packages-refused` (nothing done), `packages-failed`, callHost's.
 */
export async function installPackages(session: Session): Promise<readonly string[]> {
  const reply = await callHost(session, {
    verb: 'packages',
    args: [String(SECONDS_FOR_DPKG)],
    timeout: TIMEOUT,
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
