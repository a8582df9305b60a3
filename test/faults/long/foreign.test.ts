import { describe, expect, it } from 'vitest'
import { foreignLines, startDocker, startFail2ban, THEIRS } from '../../integration/hosts/foreign.ts'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import { hostRules } from '../../integration/hosts/rules.ts'
import { readGround } from '../ground.ts'
import { useTrial } from '../trial.ts'
import { startWindow } from '../window.ts'

/* Chains and rules that Docker and fail2ban make, before fleet comes and while it is at work: theirs to the byte. */

const trial = useTrial('foreign', ['before', 'within', 'kept', 'later', { name: 'sys', systemd: true }], {
  untouched: ['before', 'later', 'sys'],
})

/** Who is banned is so before anything of fleet's lets him in. */
const BANS_FIRST =
  /(?<!^-A INPUT .*\n)^-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A INPUT -i lo -j ACCEPT$/m

const GATEWAY = '---\nrole: A gateway.\n---\n*filter\n-A FORWARD -i wg0 -j ACCEPT\nCOMMIT\n'

const LOCKOUT = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', 'all']

async function startBoth(name: string): Promise<readonly string[]> {
  await startDocker(trial.host(name))
  await startFail2ban(trial.host(name))
  return foreignLines(trial.host(name))
}

describe.concurrent('chains of Docker and fail2ban', () => {
  it.each(['before', 'sys'])(
    'that were there first stay, through apply, rollback and reboot (%s)',
    async name => {
      const host = trial.host(name)
      const theirs = await startBoth(name)
      await trial.says(trial.start(await trial.oldSite([name])), 0, { [name]: 'persisted' })
      expect(await foreignLines(host)).toEqual(theirs)
      expect(await hostRules(host)).toMatch(/^:INPUT DROP$/m)
      expect(await hostRules(host)).toMatch(BANS_FIRST)
      expect(await hostRules(host)).toMatch(/^:FORWARD DROP$/m)

      await trial.remember(name)
      await trial.ends(await trial.begin([name], ...LOCKOUT), 3, { [name]: 'reverted: rolled-back' })

      await host.unplug()
      await host.boot()
      expect(await foreignLines(host)).toEqual([])
      expect(await hostRules(host)).toMatch(/--dports 80,443 /)
      expect(await startBoth(name)).toEqual(theirs)
      await trial.ends(trial.start(await trial.oldSite([name])), 0, { [name]: 'unchanged' })
    },
  )

  it('that come in the window stay when the change is rolled back', async () => {
    const attempt = await startWindow(trial, 'within')
    const theirs = await startBoth('within')
    await becomes(trial.host('within'), /ROLLED_BACK/)
    expect(await foreignLines(trial.host('within'))).toEqual(theirs)
    await allowConnections(trial.lab, 'within')
    await trial.ends(attempt, 3, { within: 'reverted: rolled-back' }, THEIRS)
  })

  it('that come in the window stay when the change is confirmed', async () => {
    const host = trial.host('kept')
    const attempt = await startWindow(trial, 'kept', '20')
    const theirs = await startBoth('kept')
    await allowConnections(trial.lab, 'kept')
    await trial.ends(attempt, 0, { kept: 'persisted' }, THEIRS)
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await hostRules(host)).toMatch(BANS_FIRST)
  })

  it('that come after an apply keep FORWARD for themselves, and never get it opened', async () => {
    const host = trial.host('later')
    const site = await trial.oldSite(['later', '[gateway]', 'later'], { 'templates/gateway.hbs': GATEWAY })
    await site.mustApply()
    const apply = (said: string) => trial.says(trial.start(site), 0, { later: said })
    const theirs = await startBoth('later')
    await apply('persisted')
    await apply('unchanged')
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await hostRules(host, 4)).toMatch(/^:FORWARD DROP$/m)
    expect(await hostRules(host, 6)).toMatch(/^:FORWARD DROP$/m)
    // What a role of the user's own says there is the user's.
    expect(await hostRules(host, 4)).toContain('-A FORWARD -i wg0 -j ACCEPT')
    expect(await hostRules(host, 4)).not.toContain('-A FORWARD -m conntrack')

    await host.unplug()
    await host.boot()
    await apply('persisted')
    expect(await hostRules(host, 4)).toMatch(/^:FORWARD DROP$/m)
    expect(await hostRules(host, 4)).toContain('-A FORWARD -m conntrack')
    const { live, boots, damaged, isLocked } = await readGround(host)
    expect({ boots, damaged, isLocked }).toEqual({ boots: live.join(''), damaged: '', isLocked: false })
  })
})
