import { chmod, cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LabHost } from '../../src/lab/host.ts'
import { PROGRAM } from './hosts/program.ts'
import { makeSite, type Site } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'
import { until } from './hosts/wait.ts'

/*
 * docs/senders for real: Debian's fail2ban on one host reads of a login that failed, and by a key that can do nothing
 * else on the controller the one who tried is kept out of all hosts.
 */

const lab = useTestLab('fail2ban', ['web1', 'web2', 'attacker'], { packages: ['fail2ban'], aptLists: true })
const PORT = 2299
const SENDERS = resolve('docs/senders')

const JAIL = `[DEFAULT]
backend = polling
[sshd]
enabled = true
logpath = /var/log/logins
maxretry = 1
bantime = 1h
action = fleet[controller=root@10.90.0.1, port=${PORT}]
`

let at: Site
let stopDoor: () => void = () => undefined

async function must(host: LabHost, command: string, stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await host.exec(command, stdin)
  if (code !== 0) throw new Error(`${host.name}: ${command}: ${stdout}${stderr}`)
  return stdout
}

const web1 = () => lab().host('web1')
const client = (words: string) => must(web1(), `fail2ban-client ${words}`)

/** The controller's own sshd, with the one line of authorized_keys that the docs show. */
async function openDoor(key: string): Promise<string> {
  const fleetBan = `env HOME=${at.folder} FLEET=${at.folder}/fleet ${at.folder}/fleet-ban ${at.folder} web1 1h`
  const allowed = `restrict,from="${web1().address4}",command="${fleetBan}" ${key}`
  await at.write({
    fleet: `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`,
    authorized_keys: allowed,
    sshd_config: `Port ${PORT}\nListenAddress 10.90.0.1\nHostKey ${at.folder}/door\nAuthorizedKeysFile ${at.folder}/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n`,
  })
  await chmod(join(at.folder, 'fleet'), 0o755)
  await cp(join(SENDERS, 'fleet-ban'), join(at.folder, 'fleet-ban'))
  const made = await lab().run(
    ['sh', '-ec', 'mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f door; cat door.pub'],
    { cwd: at.folder },
  )
  const sshd = lab().spawn(['/usr/sbin/sshd', '-D', '-f', `${at.folder}/sshd_config`], { stdio: 'ignore' })
  stopDoor = () => void sshd.kill()
  return `[10.90.0.1]:${PORT} ${made.stdout}`
}

/** A second sshd whose log lies where fail2ban reads it, with the stamps that syslog would give it. */
const SSHD = `nohup sh -c '/usr/sbin/sshd -D -e -p 2222 2>&1 | while read -r line; do
  echo "$(date "+%b %e %T") web1 sshd[1]: $line" >>/var/log/logins
done' >/dev/null 2>&1 &`

beforeAll(async () => {
  at = await makeSite(lab(), ['web1', 'web2'])
  await must(web1(), `: >/var/log/logins; ${SSHD}`)
  const install =
    'apt-get -qq -y -o Dpkg::Options::=--force-confold install fail2ban </dev/null >/dev/null 2>&1'
  await must(web1(), `mkdir -p /etc/fail2ban/action.d; cat >/etc/fail2ban/jail.local`, JAIL)
  await must(web1(), `cat >/etc/fail2ban/action.d/fleet.conf`, await fileOf('fail2ban/fleet.conf'))
  await must(web1(), 'ssh-keygen -q -t ed25519 -N "" -f /etc/fail2ban/fleet_ed25519')
  const door = await openDoor(await must(web1(), 'cat /etc/fail2ban/fleet_ed25519.pub'))
  await must(web1(), 'cat >/etc/fail2ban/fleet_known_hosts', door)
  await must(web1(), `DEBIAN_FRONTEND=noninteractive ${install}`)
  await must(web1(), 'fail2ban-client ping || fail2ban-client start')
  await until(
    () => web1().exec('fail2ban-client status sshd'),
    ({ code }) => code === 0,
  )
})
afterAll(() => stopDoor())

const fileOf = async (name: string) => (await lab().run(['cat', join(SENDERS, name)])).stdout

/** Whether sshd's greeting gets through to the attacker. */
async function answers(host: string): Promise<boolean> {
  const { address4 } = lab().host(host)
  const greeting = `timeout 2 bash -c 'head -c 3 </dev/tcp/${address4}/22'`
  return (await lab().host('attacker').exec(greeting)).stdout === 'SSH'
}

const blocks = async () => (await at.fleet('blocks')).stdout
const becomes = (host: string, reached: boolean) =>
  until(
    () => answers(host),
    one => one === reached,
  )
const log = async () =>
  (await lab().run(['cat', join(at.folder, '.local/state/fleet/senders/web1/log')])).stdout
const logs = (line: string) => until(log, text => text.includes(line))

it('blocks on all hosts who failed to log in to one of them, and lets in again whom fail2ban lets in', async () => {
  expect([await answers('web1'), await answers('web2')]).toEqual([true, true])
  const attacker = lab().host('attacker')
  const login = `ssh -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no guest@${web1().address4} true`
  for (const _ of [1, 2]) expect((await attacker.exec(login)).code).not.toBe(0)
  await becomes('web2', false)
  await becomes('web1', false)
  expect(await blocks()).toMatch(new RegExp(`^${attacker.address4}: until .*"ban by web1"`, 'm'))
  await client(`set sshd unbanip ${attacker.address4}`)
  await becomes('web2', true)
  await becomes('web1', true)
})

it("leaves somebody's own block as it is", async () => {
  expect((await at.fleet('block', '203.0.113.7', '--reason', 'mine')).code).toBe(0)
  await client('set sshd banip 203.0.113.7')
  await logs('blocked 1 of web1: exit 0\n')
  await client('set sshd unbanip 203.0.113.7')
  await logs('unblocked 203.0.113.7 of web1: exit 1\n')
  expect(await blocks()).toMatch(/^203\.0\.113\.7: for ever.*"mine"/m)
})

it('keeps what is banned through a restart of fail2ban', async () => {
  const start = (await log()).length
  const since = async () => (await log()).slice(start).match(/(un)?blocked \S+ of web1: exit \d+/g) ?? []
  const one = 'blocked 1 of web1: exit 0'
  await client('set sshd banip 203.0.113.8')
  expect(await until(since, ({ length }) => length > 0)).toEqual([one])
  await client('restart')
  await client('set sshd banip 2001:db8::8')
  expect(await until(since, ({ length }) => length > 1)).toEqual([one, one])
  expect(await blocks()).toMatch(/^203\.0\.113\.8: until[\s\S]*^2001:db8::8: until/m)
})

it('never keeps out a host of the inventory', async () => {
  const { address4 } = lab().host('web2')
  await client(`set sshd banip ${address4}`)
  await logs('blocked 1 of web1: exit 1\n')
  expect(await blocks()).not.toContain(address4)
})

it('gives the key nothing else to do', async () => {
  const ssh = `ssh -T -p ${PORT} -i /etc/fail2ban/fleet_ed25519 -o BatchMode=yes -o UserKnownHostsFile=/etc/fail2ban/fleet_known_hosts root@10.90.0.1`
  const asked = await web1().exec(
    `echo 'ban 203.0.113.66; touch ${at.folder}/seen' | ${ssh} touch ${at.folder}/seen`,
  )
  expect(asked).toMatchObject({ code: 1, stderr: expect.stringMatching(/not `ban ADDRESS`/) })
  expect((await lab().run(['ls', join(at.folder, 'seen')])).code).not.toBe(0)
})
