import { beforeAll, describe, expect, it } from 'vitest'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import { inForce } from '../../integration/hosts/rules.ts'
import { killTree } from '../strike.ts'
import { type Attempt, useTrial } from '../trial.ts'
import { startWindow } from '../window.ts'

/*
 * Within the window of a change that locks everybody out somebody saves what is live, and then the host boots: it
 * boots what it did before, and fleet gets in.
 */

const trial = useTrial('saved', ['first', 'cron', 'dark'], { untouched: ['first'], aptLists: true })
const LOCKOUT = ['-e', '{"ssh_from": []}', '--accept-lockout-risk', 'all']
const BY_HAND = 'iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6'

beforeAll(async () => {
  await trial.must(
    'first',
    `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent ipset >/dev/null 2>&1 </dev/null`,
  )
  await trial.remember('first')
})

async function logsIn(name: string): Promise<void> {
  const command = ['timeout', '20', 'ssh', ...trial.lab.sshArguments(name), 'echo in']
  expect(await trial.lab.run(command)).toMatchObject({ code: 0, stdout: 'in\n' })
}

async function bootsAsBefore(name: string): Promise<void> {
  const before = trial.ground(name, 'OLD').live
  await trial.host(name).unplug()
  await trial.host(name).boot()
  expect(await inForce(trial.host(name))).toEqual(before)
  await logsIn(name)
}

async function endsBack(name: string, attempt: Attempt): Promise<void> {
  await becomes(trial.host(name), /^ROLLED_BACK/)
  await allowConnections(trial.lab, name)
  await trial.ends(attempt, 3, { [name]: 'reverted: rolled-back' })
  const [settled] = attempt.running.events.filter(event => event.type === 'host-settled')
  expect(settled).toMatchObject({ finding: { args: { why: 'deadline', saved: 'aside' } } })
  const said = await attempt.site.fleet('status')
  expect(said.stdout).toContain('what somebody saved meanwhile lies in /etc/iptables')
}

describe.concurrent('rules that are saved within the window of a lockout', () => {
  it('netfilter-persistent save, at a first contact: the host boots what it did, and lets fleet in', async () => {
    const attempt = await startWindow(trial, 'first', '8', ...LOCKOUT)
    await trial.must('first', 'netfilter-persistent save')
    await endsBack('first', attempt)
    expect(await trial.must('first', 'cat /etc/iptables/rules.v4.unconfirmed')).toContain('--dports 80,8443')
    await bootsAsBefore('first')
  })

  it('by hand through the links into a generation: it is whole again, and boots', async () => {
    const attempt = await startWindow(trial, 'cron', '8', ...LOCKOUT)
    await trial.must('cron', BY_HAND)
    await endsBack('cron', attempt)
    expect(await trial.must('cron', 'cat /etc/iptables/rules.v4.unconfirmed')).toContain('--dports 80,8443')
    await bootsAsBefore('cron')
  })

  it('and the power goes before they could be taken back: a boot of a generation does it', async () => {
    const attempt = await startWindow(trial, 'dark', '30', ...LOCKOUT)
    await trial.must('dark', BY_HAND)
    await killTree(trial.host('dark'))
    await allowConnections(trial.lab, 'dark')
    await bootsAsBefore('dark')
    await trial.ends(attempt, 3, { dark: 'reverted: rolled-back' })
  })
})
