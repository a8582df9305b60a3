import { beforeAll, expect, it } from 'vitest'
import { foreignLines, ownLines } from '../../integration/hosts/foreign.ts'
import { becomes } from '../../integration/hosts/guard.ts'
import { allowConnections } from '../../integration/hosts/one-connection.ts'
import { until } from '../../integration/hosts/wait.ts'
import { useTrial } from '../trial.ts'
import { startWindow } from '../window.ts'

/* fail2ban from Debian's package, with its own action: it bans and unbans while fleet's change waits to be confirmed. */

const NAME = 'bans'
const trial = useTrial(NAME, [{ name: NAME, systemd: true }], {
  packages: ['ufw', 'ferm', 'nftables', 'firewalld', 'fail2ban'],
  aptLists: true,
})

const JAIL = `
[DEFAULT]
banaction = iptables-multiport
backend = polling
[sshd]
enabled = true
logpath = /var/log/logins
maxretry = 1
bantime = 3600
ignoreip =
`

const MARK = /f2b-/
const host = () => trial.host(NAME)
const theirs = () => foreignLines(host(), MARK)
const own = () => ownLines(host(), MARK)

let pid = 100

/** Somebody fails to log in, twice, and fail2ban reads of it. A process of sshd's is one caller to it. */
async function ban(address: string): Promise<void> {
  pid += 1
  const line = `sshd[${pid}]: Failed password for root from ${address} port 4242 ssh2`
  await trial.must(
    NAME,
    `for time in 1 2; do echo "$(date '+%b %e %T') bans ${line}" >>/var/log/logins; done`,
  )
  await until(theirs, lines => lines.some(said => said.includes(address)))
}

async function unban(address: string): Promise<void> {
  await trial.must(NAME, `fail2ban-client set sshd unbanip ${address}`)
  await until(theirs, lines => !lines.some(said => said.includes(address)))
}

beforeAll(async () => {
  await trial.must(
    NAME,
    'mkdir -p /etc/fail2ban; cat >/etc/fail2ban/jail.local; echo "$(date "+%b %e %T") bans sshd[7]: Server listening" >/var/log/logins;' +
      'DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Options::=--force-confold install fail2ban </dev/null >/dev/null 2>&1',
    JAIL,
  )
  await until(
    () => host().exec('fail2ban-client status sshd'),
    ({ code }) => code === 0,
  )
})

it('bans and unbans within the window, through rollback, confirmation and a boot', async () => {
  await ban('203.0.113.5')
  await ban('2001:db8::5')
  const first = await theirs()
  const old = await own()
  const isFirst = async () =>
    expect(await trial.must(NAME, "iptables -S INPUT | grep '^-A' | head -n 1")).toMatch(/-j f2b-sshd$/m)

  const back = await startWindow(trial, NAME)
  expect(await theirs()).toEqual(first)
  await ban('203.0.113.6')
  await unban('2001:db8::5')
  const changed = await theirs()
  await becomes(host(), /ROLLED_BACK/)
  expect(await theirs()).toEqual(changed)
  expect(await own()).toEqual(old)
  await isFirst()
  await allowConnections(trial.lab, NAME)
  await trial.ends(back, 3, { [NAME]: 'reverted: rolled-back' }, MARK)

  const stays = await startWindow(trial, NAME, '60')
  await unban('203.0.113.5')
  await ban('203.0.113.7')
  const last = await theirs()
  await allowConnections(trial.lab, NAME)
  await trial.ends(stays, 0, { [NAME]: 'persisted' }, MARK)
  expect(await theirs()).toEqual(last)
  expect(await own()).toEqual(old.map(line => line.replace('--dports 80,443', '--dports 80,8443')))
  await isFirst()

  await host().unplug()
  await host().boot()
  await until(theirs, lines => ['203.0.113.6', '203.0.113.7'].every(one => lines.join(' ').includes(one)))
  expect((await own()).filter(line => line.includes('8443'))).toHaveLength(2)
  const again = await trial.begin([NAME])
  await trial.says(again, 0, { [NAME]: 'unchanged' })
  await trial.isOn(NAME, 'NEW', MARK)
})
