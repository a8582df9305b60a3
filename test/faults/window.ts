import { becomes } from '../integration/hosts/guard.ts'
import { allowOneConnection } from '../integration/hosts/one-connection.ts'
import type { Attempt, Trial } from './trial.ts'

/**
 * A change that is in force on a host, and that nobody confirms as long as `allowConnections` wasn't called: the window
 * in which others do what they do. `row` is its name, or its whole row of the inventory.
 */
export async function startWindow(
  trial: Trial,
  row: string,
  seconds = '8',
  ...args: readonly string[]
): Promise<Attempt> {
  const [name = ''] = row.split(' ')
  await allowOneConnection(trial.lab, name)
  const attempt = await trial.begin([row], '--confirm-timeout', seconds, ...args)
  await becomes(trial.host(name), /^APPLIED/)
  return attempt
}
