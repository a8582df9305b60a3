import { beforeAll, describe, expect, it } from 'vitest'
import { becomes, generationOf, isLocked, secondsUntilBack } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { inForce, inForceOn } from '../integration/hosts/rules.ts'
import { makeSite, type Running, settledAs, step } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/*
 * What dies in the middle: the controller, the host, the network. A host is on its old rules then, live and at its
 * next boot, or, once it was confirmed, on its new ones; and a fleet that still lives says which.
 */

const LIGHT = ['armed1', 'armed2', 'applied1', 'apart1', 'dark1', 'left1']
const SYSTEMD = ['applied2', 'dark2']
const NAMES = [...LIGHT, ...SYSTEMD]
const SECONDS = 4
const lab = useTestLab(
  'power',
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
  await (await site(NAMES, '[80]')).mustApply()
  old = await inForceOn(NAMES.map(name => lab().host(name)))
})

/** OLD, live and on disk. */
async function isAsBefore(...names: readonly string[]): Promise<void> {
  for (const host of names.map(name => lab().host(name))) {
    expect({ [host.name]: await inForce(host) }).toEqual({ [host.name]: old[host.name] })
    expect([await generationOf(host), await isLocked(host)]).toEqual([1, false])
  }
}

describe.concurrent('in the middle of a change', () => {
  it('fleet dies (kill -9) while hosts are armed', async () => {
    const names = ['armed1', 'armed2']
    const running = await begin(...names)
    await running.until(step('armed1', 'armed'))
    await running.kill()
    for (const name of names) await becomes(lab().host(name), /ROLLED_BACK|DISARMED/)
    await isAsBefore(...names)
    const again = await (await begin(...names)).verdict()
    expect(again).toEqual({ code: 0, hosts: { armed1: 'persisted', armed2: 'persisted' } })
  })

  it('fleet dies (kill -9) while hosts are applied', async () => {
    const names = ['applied1', 'applied2']
    for (const name of names) await allowOneConnection(lab(), name)
    const running = await begin(...names)
    for (const name of names) await becomes(lab().host(name), /^APPLIED/)
    await running.kill()
    for (const name of names) {
      await becomes(lab().host(name), /ROLLED_BACK/)
      expect(await secondsUntilBack(lab().host(name))).toBeLessThan(SECONDS + 5)
    }
    await isAsBefore(...names)
  })

  it('the network goes', async () => {
    await allowOneConnection(lab(), 'apart1')
    const running = await begin('apart1')
    await becomes(lab().host('apart1'), /^APPLIED/)
    await lab().host('apart1').cut()
    await becomes(lab().host('apart1'), /ROLLED_BACK/)
    await isAsBefore('apart1')
    await allowConnections(lab(), 'apart1')
    await lab().host('apart1').mend()
    expect(await running.verdict()).toEqual({ code: 3, hosts: { apart1: 'reverted: rolled-back' } })
  })

  it.each(['dark1', 'dark2'])('the power goes before it is confirmed, and after (%s)', async name => {
    const host = lab().host(name)
    await allowOneConnection(lab(), name)
    const running = await begin(name)
    await becomes(host, /^APPLIED/)
    await host.unplug()
    await host.boot()
    await isAsBefore(name)
    await allowConnections(lab(), name)
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
    await allowOneConnection(lab(), 'left1')
    const running = await begin('left1')
    await becomes(lab().host('left1'), /^APPLIED/)
    running.child.kill('SIGINT')
    await running.says(/Again to let go/)
    running.child.kill('SIGINT')
    expect(await running.verdict()).toEqual({ code: 4, hosts: { left1: 'unknown: let-go' } })
    await becomes(lab().host('left1'), /ROLLED_BACK/)
    await isAsBefore('left1')
  })
})
