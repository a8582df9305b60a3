import { expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../../integration/hosts/one-connection.ts'
import { keepArmed } from '../strike.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * A host is shut down in order while fleet's change waits there, as somebody does it, or unattended upgrades: the guard
 * is told to end like every service, and what was not confirmed is gone before the host is.
 */

const NAME = 'sys'
const trial = useTrial('shutdown', [{ name: NAME, systemd: true }])
const host = () => trial.host(NAME)

const MOMENTS = {
  armed: () => keepArmed(trial, NAME, '--confirm-timeout', '60'),
  applied: async (): Promise<Attempt> => {
    await allowOneConnection(trial.lab, NAME)
    const attempt = await trial.begin([NAME], '--confirm-timeout', '60')
    await becomes(host(), /^APPLIED/)
    return attempt
  },
}

it.each([
  // sshd may be told first, and that its session is gone is the go.
  ['armed', /-> (DISARMED|ROLLED_BACK)-terminated$/],
  ['applied', /-> ROLLED_BACK-terminated$/],
] as const)('a shutdown ends a change that is %s, and the host comes back as it was', async (moment, end) => {
  const attempt = await MOMENTS[moment]()
  await host().stop()
  await host().boot()
  expect((await trial.must(NAME, 'cat $(ls -td /var/lib/fleet/txn/*/log | head -n 1)')).trim()).toMatch(end)
  await allowConnections(trial.lab, NAME)
  attempt.running.child.kill('SIGCONT')
  await trial.ends(attempt, 3, { [NAME]: 'reverted: rolled-back' })
})
