import { beforeAll, describe, expect, it } from 'vitest'
import { generationOf } from './hosts/guard.ts'
import { reaches } from './hosts/packets.ts'
import { hostRules, inForce } from './hosts/rules.ts'
import { makeSite, type Site } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* Blocks beside everything else that fleet does: who is behind is told and brought in line, and nothing else undoes them. */

const lab = useTestLab(
  'beside',
  ['old', 'late', 'between', 'gone', 'fresh', { name: 'saved', systemd: true }, 'attacker'],
  { packages: true, aptLists: true },
)
const host = (name: string) => lab().host(name)
const attacker = () => host('attacker')
const isOpen = (name: string) => reaches(attacker(), host(name).address4, 22)

const site = (names: readonly string[], rows: readonly string[] = []): Promise<Site> =>
  makeSite(lab(), ['[web]', ...names, ...rows], {
    'group_vars/web.yml': 'http_ports: [80]\n',
    'templates/early.hbs': EARLY,
  })

/** Rules of a role in raw itself. */
const EARLY =
  '---\nrole: Early.\n---\n{{#v4}}*raw\n-A PREROUTING -p tcp -m tcp --dport 9 -j DROP\nCOMMIT\n{{/v4}}'

const block = (at: Site, ...args: readonly string[]) =>
  at.fleet('block', attacker().address4, '--for', '1h', ...args)

async function boot(name: string): Promise<void> {
  await host(name).unplug()
  await host(name).boot()
}

beforeAll(async () => {
  await (await site(['old', 'late', 'between', 'gone', 'saved'])).mustApply()
})

describe.concurrent('blocks', () => {
  it('that a host has missed are told by plan, drift and status, and apply brings them', async () => {
    const at = await site(['old', 'late'])
    expect((await block(at, '-l', 'old')).code).toBe(0)
    const ledger = await at.fleet('plan')
    expect(ledger, 'meant for that host alone').toMatchObject({ code: 0 })
    expect((await block(at, '-l', 'old,late', '--give-up-after', '0')).code).toBe(0)
    await host('late').exec('rm -rf /etc/iptables/fleet/blocks; iptables -t raw -F; ip6tables -t raw -F')
    for (const command of ['plan', 'drift', 'status']) {
      const { code, stdout } = await at.fleet(command)
      expect([command, code]).toEqual([command, 2])
      expect(stdout).toMatch(/late:[\s\S]*It blocks nothing of what the ledger says/)
    }
    expect(await isOpen('late')).toBe(true)
    expect((await at.fleet('apply')).code).toBe(0)
    expect(await isOpen('late')).toBe(false)
    expect((await at.fleet('drift')).code).toBe(0)
    await host('late').exec('iptables -t raw -I PREROUTING -j ACCEPT')
    expect((await at.fleet('plan')).stdout).toContain('do not stand where packets meet them first')
    expect((await at.fleet('apply')).code).toBe(0)
    expect(await isOpen('late')).toBe(false)
  })

  it('come first again where the very change that brought them put rules before them', async () => {
    const at = await site(['between'], ['[early]', 'between'])
    expect((await block(at)).code).toBe(0)
    await host('between').exec(
      'rm -rf /etc/iptables/fleet/blocks; for t in iptables ip6tables; do $t -t raw -F; $t -t raw -X; done; iptables -t raw -A PREROUTING -s 192.0.2.5 -j DROP',
    )
    expect((await at.fleet('apply')).code).toBe(0)
    const early = (await hostRules(host('between'))).match(/^-A PREROUTING .*/gm)
    expect(early).toEqual([
      '-A PREROUTING -j FLEET-BLOCK',
      '-A PREROUTING -p tcp -m tcp --dport 9 -j DROP',
      '-A PREROUTING -s 192.0.2.5/32 -j DROP',
    ])
    expect((await at.fleet('plan')).code).toBe(0)
  })

  it('go with fleet remove, and leave nothing', async () => {
    const at = await site(['gone'])
    expect((await block(at)).code).toBe(0)
    expect(await isOpen('gone')).toBe(false)
    expect(await at.start('remove').verdict()).toMatchObject({ code: 0 })
    expect(await isOpen('gone')).toBe(true)
    expect(await inForce(host('gone'))).toEqual(['', ''])
    const left = await host('gone').exec(
      'ipset list -n; ls -d /etc/iptables/fleet /var/lib/fleet /run/fleet /usr/share/netfilter-persistent/plugins.d/*fleet*',
    )
    expect(left.stdout).toBe('')
  })

  it('stay where a lockdown comes and goes on a host that has nothing else of fleet', async () => {
    const at = await site(['fresh'])
    expect(await block(at)).toMatchObject({ code: 0 })
    expect(await at.start('lockdown').verdict()).toMatchObject({ code: 0 })
    expect((await hostRules(host('fresh'))).match(/^-A PREROUTING .*/m)?.[0]).toBe(
      '-A PREROUTING -j FLEET-BLOCK',
    )
    expect(await at.start('lockdown', '--release').verdict()).toEqual({
      code: 0,
      hosts: { fresh: 'persisted: removed' },
    })
    expect(await generationOf(host('fresh'))).toBeUndefined()
    expect((await at.fleet('status')).stdout).toContain('fresh: no rules of fleet; what it blocks: ')
    expect(await isOpen('fresh')).toBe(false)
    await boot('fresh')
    expect(await isOpen('fresh')).toBe(false)
    expect((await at.fleet('blocks')).code).toBe(0)
    expect(await at.start('remove').verdict()).toEqual({
      code: 0,
      hosts: { fresh: 'persisted: removed' },
    })
    expect(await isOpen('fresh')).toBe(true)
    expect(await at.start('remove').verdict()).toEqual({ code: 0, hosts: { fresh: 'unchanged' } })
  })

  it('are no reason for a boot to fail after netfilter-persistent save', async () => {
    const at = await site(['saved'])
    expect((await block(at)).code).toBe(0)
    const live = await inForce(host('saved'))
    await host('saved').exec('netfilter-persistent save')
    await boot('saved')
    const { stdout } = await host('saved').exec('systemctl is-failed netfilter-persistent')
    expect(stdout.trim()).toBe('active')
    const said = await host('saved').exec('journalctl --boot --unit netfilter-persistent --output cat')
    expect(said.stdout).toContain('run-parts: executing')
    expect(said.stdout).not.toMatch(/return code|doesn't exist|error|fleet: /i)
    expect(await inForce(host('saved'))).toEqual(live)
    expect(await isOpen('saved')).toBe(false)
    expect((await at.fleet('apply')).code).toBe(0)
    await boot('saved')
    expect(await inForce(host('saved'))).toEqual(live)
    expect((await at.fleet('blocks')).code).toBe(0)
  })
})
