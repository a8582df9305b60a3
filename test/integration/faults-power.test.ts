import { beforeAll, describe, expect, it } from 'vitest'
import { inForce, inForceOn } from './hosts/rules.ts'
import { makeSite, type Running, settledAs, step } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'
import { until } from './hosts/wait.ts'

/*
 * What dies in the middle: the controller, the host, the network. A host is on its old rules then, live and at its
 * next boot, or, once it was confirmed, on its new ones; and a fleet that still lives says which.
 */

const LIGHT = ['armed1', 'armed2', 'applied1', 'apart1', 'dark1', 'left1']
const SYSTEMD = ['applied2', 'dark2']
const NAMES = [...LIGHT, ...SYSTEMD]
const SECONDS = 4
const lab = useTestLab(
  'faults-power',
  [...NAMES, 'first', 'second', 'third'].map(name => ({ name, systemd: SYSTEMD.includes(name) })),
  { packages: true },
)

const site = (names: readonly string[], ports: string) =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n` })

/** A change of `names` that is under way, with the shortest time to confirm. */
async function begin(...names: readonly string[]): Promise<Running> {
  const at = await site(names, '[80, 8443]')
  return at.start('apply', 'inventory.ini', '--confirm-timeout', String(SECONDS), '--connect-timeout', '3')
}

let old: Record<string, readonly string[]>

beforeAll(async () => {
  const applied = await (await site(NAMES, '[80]')).start('apply', 'inventory.ini').verdict()
  if (applied.code !== 0) throw new Error(JSON.stringify(applied))
  old = await inForceOn(NAMES.map(name => lab().host(name)))
})

const syn = (name: string) => ['OUTPUT', '-d', lab().host(name).address4, '-p', 'tcp', '--syn']

/** The first connection to a host gets through from now on, the one that would confirm doesn't. */
async function allowOneConnection(name: string): Promise<void> {
  const once = ['-m', 'limit', '--limit', '1/day', '--limit-burst', '1', '-j', 'RETURN']
  for (const rest of [once, ['-j', 'DROP']]) await lab().run(['iptables', '-A', ...syn(name), ...rest])
}

async function allowConnections(name: string): Promise<void> {
  await lab().run(['iptables', '-D', ...syn(name), '-j', 'DROP'])
}

const state = async (name: string) =>
  (await lab().host(name).exec('ls $(ls -td /run/fleet/txn/*/state | head -n 1)')).stdout.trim()
const becomes = (name: string, word: RegExp) =>
  until(
    () => state(name),
    one => word.test(one),
  )
const isOld = async (name: string) =>
  expect({ [name]: await inForce(lab().host(name)) }).toEqual({ [name]: old[name] })

/** OLD, live and on disk. */
async function isAsBefore(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await isOld(name)
    const { stdout } = await lab().host(name).exec('readlink /etc/iptables/fleet/current; ls /run/fleet/lock')
    expect(stdout).toBe('gen-000001\n')
  }
}

/** Seconds of the host's own clock from the moment that its guard began until its old rules were back. */
async function secondsUntilBack(name: string): Promise<number> {
  const { stdout } = await lab().host(name).exec('cat $(ls -td /var/lib/fleet/txn/*/log | head -n 1)')
  const at = (word: string) => Number(new RegExp(`^(\\d+) .* -> ${word}`, 'm').exec(stdout)?.[1])
  return (at('ROLLED_BACK') - at('APPLYING')) / 100
}

describe.concurrent('in the middle of a change', () => {
  it('fleet dies (kill -9) while hosts are armed', async () => {
    const names = ['armed1', 'armed2']
    const running = await begin(...names)
    await running.until(step('armed1', 'armed'))
    await running.kill()
    for (const name of names) await becomes(name, /ROLLED_BACK|DISARMED/)
    await isAsBefore(...names)
    const again = await (await begin(...names)).verdict()
    expect(again).toEqual({ code: 0, hosts: { armed1: 'persisted', armed2: 'persisted' } })
  })

  it('fleet dies (kill -9) while hosts are applied', async () => {
    const names = ['applied1', 'applied2']
    for (const name of names) await allowOneConnection(name)
    const running = await begin(...names)
    for (const name of names) await becomes(name, /^APPLIED/)
    await running.kill()
    for (const name of names) {
      await becomes(name, /ROLLED_BACK/)
      expect(await secondsUntilBack(name)).toBeLessThan(SECONDS + 5)
    }
    await isAsBefore(...names)
  })

  it('the network goes', async () => {
    await allowOneConnection('apart1')
    const running = await begin('apart1')
    await becomes('apart1', /^APPLIED/)
    await lab().host('apart1').cut()
    await becomes('apart1', /ROLLED_BACK/)
    await isAsBefore('apart1')
    await allowConnections('apart1')
    await lab().host('apart1').mend()
    expect(await running.verdict()).toEqual({ code: 3, hosts: { apart1: 'reverted: rolled-back' } })
  })

  it.each(['dark1', 'dark2'])('the power goes before it is confirmed, and after (%s)', async name => {
    const host = lab().host(name)
    await allowOneConnection(name)
    const running = await begin(name)
    await becomes(name, /^APPLIED/)
    await host.unplug()
    await host.boot()
    await isAsBefore(name)
    await allowConnections(name)
    expect(await running.verdict()).toEqual({ code: 3, hosts: { [name]: 'reverted: rolled-back' } })
    const again = await begin(name)
    await again.until(settledAs(name, 'persisted'))
    const live = await inForce(host)
    await host.unplug()
    await host.boot()
    expect(live.join('')).toContain('--dports 80,8443')
    expect(await inForce(host)).toEqual(live)
  })

  it('Ctrl-C: hosts in flight are brought to their end, the others are not started', async () => {
    const at = await site(['first', 'second', 'third'], '[80]')
    const running = at.start('apply', 'inventory.ini', '--forks', '1')
    await running.until(step('first', 'arming'))
    running.child.kill('SIGINT')
    const hosts = { first: 'persisted', second: 'not started', third: 'not started' }
    expect(await running.verdict()).toEqual({ code: 3, hosts })
    expect(await inForce(lab().host('second'))).toEqual(['', ''])
    expect((await lab().host('second').exec('ls /etc/iptables /run/fleet/lock')).stdout).toBe('')
  })

  it('Ctrl-C twice: hosts in flight are let go of, and roll back', async () => {
    await allowOneConnection('left1')
    const running = await begin('left1')
    await becomes('left1', /^APPLIED/)
    running.child.kill('SIGINT')
    await running.says(/Again to let go/)
    running.child.kill('SIGINT')
    expect(await running.verdict()).toEqual({ code: 4, hosts: { left1: 'unknown: let-go' } })
    await becomes('left1', /ROLLED_BACK/)
    await isAsBefore('left1')
  })
})
