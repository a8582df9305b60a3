import { beforeAll, describe, expect, it } from 'vitest'
import { startDocker, startFail2ban } from './hosts/foreign.ts'
import { becomes, generationOf } from './hosts/guard.ts'
import { allowConnections, allowOneConnection } from './hosts/one-connection.ts'
import { openFlow, reaches, startContainer } from './hosts/packets.ts'
import { hostRules, inForce } from './hosts/rules.ts'
import { makeSite, type Site, step } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* The emergency: nothing but SSH from the controller and the managers reaches a host or leaves it, whoever says otherwise. */

const FLEETS = ['shop', 'boots', 'cut', 'r1', 'r2']
const lab = useTestLab(
  'lockdown',
  [...FLEETS.map(name => ({ name, port: 80 })), 'dock', 'plain', 'old', 'admin', 'stranger'],
  { packages: true },
)
const host = (name: string) => lab().host(name)

const site = (names: readonly string[], management = ['admin']): Promise<Site> => {
  const addresses = management.flatMap(name => [host(name).address4, host(name).address6])
  return makeSite(lab(), ['[web]', ...names], {
    'group_vars/web.yml': `http_ports: [80]\nfleet_management: [${addresses.map(one => `"${one}"`).join(', ')}]\n`,
  })
}

/** Who gets through to a host and out of it, over both families. */
async function passages(name: string): Promise<Record<string, boolean>> {
  const { address4, address6 } = host(name)
  const ask = async (from: string, port: number, address: string) => reaches(host(from), address, port)
  const asked = {
    'admin ssh': ask('admin', 22, address4),
    'admin ssh 6': ask('admin', 22, address6),
    'stranger ssh': ask('stranger', 22, address4),
    'stranger ssh 6': ask('stranger', 22, address6),
    'admin web': ask('admin', 80, address4),
    'stranger web 6': ask('stranger', 80, address6),
    out: reaches(host(name), host('stranger').address4, 22),
    'out 6': reaches(host(name), host('stranger').address6, 22),
    'out to admin': reaches(host(name), host('admin').address4, 22),
    itself: reaches(host(name), '127.0.0.1', 22),
  }
  const words = Object.keys(asked)
  const answers = await Promise.all(Object.values(asked))
  return Object.fromEntries(words.map((word, at) => [word, answers[at] ?? false]))
}

const OPEN = Object.fromEntries(
  ['admin ssh', 'admin ssh 6', 'stranger ssh', 'stranger ssh 6', 'admin web', 'stranger web 6']
    .concat(['out', 'out 6', 'out to admin', 'itself'])
    .map(word => [word, true]),
)
const CLOSED = {
  ...Object.fromEntries(Object.keys(OPEN).map(word => [word, false])),
  'admin ssh': true,
  'admin ssh 6': true,
  itself: true,
}

beforeAll(async () => {
  await (await site(FLEETS)).mustApply()
})

describe.concurrent('fleet lockdown', () => {
  it('lets nothing through but SSH from the managers, cuts what is open, and is released to just what was', async () => {
    const at = await site(['shop'])
    const before = await inForce(host('shop'))
    await host('shop').exec('iptables -t raw -A PREROUTING -p tcp --dport 80 -j ACCEPT')
    const old = await inForce(host('shop'))
    expect(await passages('shop')).toEqual(OPEN)
    const flow = await openFlow(host('stranger'), host('shop').address4, 80)
    const other = await openFlow(host('stranger'), host('shop').address4, 22)

    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { shop: 'persisted' } })
    expect(await passages('shop')).toEqual(CLOSED)
    expect([await flow.answers(), await other.answers()]).toEqual([false, false])

    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { shop: 'unchanged' } })
    const apply = await at.fleet('apply')
    expect(apply.code).toBe(3)
    expect(apply.stdout).toContain('fleet lockdown --release -l shop')
    expect(await at.start('rollback', '-l', 'shop').verdict()).toMatchObject({
      hosts: { shop: 'refused: locked-down' },
    })
    const status = await at.fleet('status')
    expect(status).toMatchObject({ code: 2, stdout: expect.stringContaining('in lockdown') })
    expect(status.stdout).toContain('goes back to generation 1')

    const drift = await at.fleet('drift')
    expect(drift).toMatchObject({ code: 2, stdout: expect.stringContaining('It is in lockdown') })

    // Somebody lets himself in before fleet's rules.
    await host('shop').exec('iptables -t raw -I PREROUTING -p tcp --dport 80 -j ACCEPT')
    await host('shop').exec('iptables -I INPUT -j ACCEPT; iptables -I OUTPUT -j ACCEPT')
    expect(await at.start('lockdown').verdict()).toMatchObject({ hosts: { shop: 'persisted' } })
    expect(await passages('shop')).toEqual(CLOSED)
    await host('shop').exec('iptables -D INPUT -j ACCEPT; iptables -D OUTPUT -j ACCEPT')
    await host('shop').exec('iptables -t raw -D PREROUTING -p tcp --dport 80 -j ACCEPT')

    const release = await at.start('lockdown', '--release').verdict()
    expect(release).toMatchObject({ code: 0, hosts: { shop: expect.stringMatching(/^persisted/) } })
    expect(await inForce(host('shop'))).toEqual(old)
    expect(await passages('shop')).toEqual(OPEN)
    await host('shop').exec('iptables -t raw -F')
    expect(await inForce(host('shop'))).toEqual(before)
    expect(await at.start('apply').verdict()).toEqual({ code: 0, hosts: { shop: 'unchanged' } })
    expect(await at.start('lockdown', '--release').verdict()).toEqual({
      code: 0,
      hosts: { shop: 'unchanged: not-locked-down' },
    })
  })

  it('holds through a reboot, and so does its release', async () => {
    const at = await site(['boots'])
    const old = await inForce(host('boots'))
    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { boots: 'persisted' } })
    const locked = await inForce(host('boots'))
    await host('boots').unplug()
    await host('boots').boot()
    expect(await inForce(host('boots'))).toEqual(locked)
    expect(await passages('boots')).toEqual(CLOSED)
    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { boots: 'unchanged' } })
    expect(await at.start('lockdown', '--release').verdict()).toEqual({
      code: 0,
      hosts: { boots: 'persisted' },
    })
    expect(await inForce(host('boots'))).toEqual(old)
    await host('boots').unplug()
    await host('boots').boot()
    expect(await inForce(host('boots'))).toEqual(old)
  })

  it('that nobody can confirm is taken back by the host, which is in no lockdown then', async () => {
    const at = await site(['cut'])
    const old = await inForce(host('cut'))
    await allowOneConnection(lab(), 'cut')
    const running = at.start('lockdown', '--confirm-timeout', '4')
    await becomes(host('cut'), /^ROLLED_BACK/)
    await allowConnections(lab(), 'cut')
    expect(await running.verdict()).toEqual({ code: 3, hosts: { cut: 'reverted: rolled-back' } })
    expect(await inForce(host('cut'))).toEqual(old)
    expect(await generationOf(host('cut'))).toBe(1)
    expect(await at.start('apply').verdict()).toEqual({ code: 0, hosts: { cut: 'unchanged' } })
  })

  it('whose controller dies is gone on with by resume, all over its hosts', async () => {
    const at = await site(['r1', 'r2'])
    const running = at.start('lockdown', '--forks', '1', '--confirm-timeout', '30')
    await running.until(step('r1', 'armed'))
    await running.kill()
    expect(await at.start('resume').verdict()).toEqual({
      code: 0,
      hosts: { r1: 'persisted', r2: 'persisted' },
    })
    expect(await passages('r2')).toEqual(CLOSED)
  })

  it('stops what Docker publishes and forwards, on a host that fleet never touched, and leaves it as it was', async () => {
    const at = await site(['dock'])
    const dock = host('dock')
    const inside = await startContainer(dock)
    await startDocker(dock)
    await startFail2ban(dock)
    await dock.exec('iptables -A INPUT -s 192.0.2.0/24 -j ACCEPT; iptables -P OUTPUT DROP')
    await dock.exec('iptables -A OUTPUT -j ACCEPT; ip6tables -A INPUT -i lo -j ACCEPT')
    const old = await inForce(dock)
    const through = () =>
      Promise.all([
        reaches(host('stranger'), dock.address4, 8080),
        reaches(dock, host('stranger').address4, 22, inside),
      ])
    expect(await through()).toEqual([true, true])
    const flow = await openFlow(host('stranger'), dock.address4, 8080)

    expect(await at.start('apply').verdict()).toMatchObject({ hosts: { dock: 'refused: unmanaged-first' } })
    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { dock: 'persisted' } })
    expect(await through()).toEqual([false, false])
    expect(await flow.answers()).toBe(false)
    expect(await reaches(host('admin'), dock.address4, 22)).toBe(true)

    const release = await at.start('lockdown', '--release').verdict()
    expect(release).toEqual({ code: 0, hosts: { dock: 'persisted: removed' } })
    expect(await inForce(dock)).toEqual(old)
    expect(await generationOf(dock)).toBeUndefined()
    expect(await through()).toEqual([true, true])
  })

  it('is the same on a host with iptables-legacy', async () => {
    const at = await site(['old'])
    const old = host('old')
    await old.exec(
      'for tables in iptables ip6tables; do update-alternatives --set $tables /usr/sbin/$tables-legacy; done; /usr/sbin/sshd -p 80 -o PidFile=none; iptables -A INPUT -p tcp --dport 80 -j ACCEPT',
    )
    const before = await inForce(old)
    expect(await passages('old')).toEqual(OPEN)
    expect(await at.start('lockdown').verdict()).toEqual({ code: 0, hosts: { old: 'persisted' } })
    expect(await passages('old')).toEqual(CLOSED)
    expect(await at.start('lockdown', '--release').verdict()).toMatchObject({ code: 0 })
    expect(await inForce(old)).toEqual(before)
    expect(await passages('old')).toEqual(OPEN)
  })

  it('without managers says whose address alone is left', async () => {
    const at = await makeSite(lab(), ['plain'])
    const plan = await at.fleet('lockdown', '--check')
    expect(plan.stdout).toContain('Only 10.90.0.1, where fleet comes from, can reach it')
    expect(await hostRules(host('plain'))).toBe('')
  })
})
