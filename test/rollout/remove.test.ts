import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hang, install, isWithoutFleet, must, RULES4, state } from '../integration/hosts/before-fleet.ts'
import { foreignLines, startDocker, startFail2ban } from '../integration/hosts/foreign.ts'
import { becomes, generationOf } from '../integration/hosts/guard.ts'
import { allowConnections, allowOneConnection } from '../integration/hosts/one-connection.ts'
import { hostRules, inForce } from '../integration/hosts/rules.ts'
import { makeSite, type Site } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'
import { until } from '../integration/hosts/wait.ts'

/*
 * The way out of fleet: a host is as it was before, in force and on disk, to the byte; or still as fleet had it.
 */

const NAMES = ['bare', 'ruled', 'asked', 'closed', 'foreign', 'killed', 'never']
const SYSTEMD = ['dark', 'stale']
const lab = useTestLab(
  'remove',
  [...NAMES, ...SYSTEMD].map(name => ({ name, systemd: SYSTEMD.includes(name) })),
  { packages: true },
)

const site = (name: string, files: Record<string, string> = {}): Promise<Site> =>
  makeSite(lab(), ['[web]', name], { 'group_vars/web.yml': 'http_ports: [80]\n', ...files })

/** Hand-written rules that a boot loads, in force; then fleet's in their place. */
async function withRulesBefore(
  name: string,
): Promise<{ at: Site; before: Awaited<ReturnType<typeof state>> }> {
  const host = lab().host(name)
  await install(host)
  await must(
    host,
    'cat >/etc/iptables/rules.v4; chmod 640 /etc/iptables/rules.v4; netfilter-persistent start',
    RULES4,
  )
  const before = await state(host)
  expect(before.live[0]).toContain('-A ours -s 192.0.2.66/32 -j DROP')
  const at = await site(name, { 'group_vars/web.yml': 'http_ports: [80]\nfleet_replace: [ours]\n' })
  const applied = await at.start('apply', '--replace-unmanaged').verdict()
  expect(applied).toMatchObject({ code: 0, hosts: { [name]: expect.stringMatching(/^persisted/) } })
  expect((await inForce(host))[0]).not.toContain('ours')
  return { at, before }
}

const removed = (name: string) => ({ code: 0, hosts: { [name]: 'persisted: removed' } })

describe.concurrent('fleet remove', () => {
  it('leaves a host without rules as it was but for the packages, and apply begins anew', async () => {
    const host = lab().host('bare')
    const at = await site('bare')
    await at.mustApply()
    expect(await at.start('remove', 'inventory.ini').verdict()).toEqual(removed('bare'))
    expect(await state(host)).toEqual({ live: ['', ''], disk: '' })
    await isWithoutFleet(host)
    // Others may count on them by now.
    const packages = `dpkg-query -W -f '\${db:Status-Status} ' iptables-persistent netfilter-persistent ipset`
    expect(await must(host, packages)).toBe('installed installed installed ')
    expect(await at.start('remove').verdict()).toEqual({ code: 0, hosts: { bare: 'unchanged' } })
    await at.mustApply()
    expect(await generationOf(host)).toBe(1)
  })

  it('puts back what was in force and on disk before, to the byte', async () => {
    const { at, before } = await withRulesBefore('ruled')
    const host = lab().host('ruled')
    const shown = await at.fleet('remove', '--check')
    expect(shown).toMatchObject({ code: 2 })
    expect(shown.stdout).toMatch(/What stood before fleet comes back, .*\/etc\/iptables\/rules\.v4/)
    expect(shown.stdout).toContain('+ -A ours -s 192.0.2.66/32 -j DROP')
    expect(await generationOf(host)).toBe(1)
    expect(await at.start('remove').verdict()).toEqual(removed('ruled'))
    expect(await state(host)).toEqual(before)
    await isWithoutFleet(host)
    await host.unplug()
    await host.boot()
    expect(await state(host)).toEqual(before)
  })

  it('asks on a terminal, and does nothing without a yes', async () => {
    const host = lab().host('asked')
    const at = await site('asked')
    await at.mustApply()
    const { code, stdout } = await at.atTerminal(['remove'], /Remove fleet from 1 host\? \[y\/N\]/, 'n\r')
    expect(code).toBe(3)
    expect(stdout).toContain('Before fleet no rules were loaded at boot')
    expect(await generationOf(host)).toBe(1)
  })

  it('never touches, nor leaves anything on, a host that fleet never touched', async () => {
    const host = lab().host('never')
    const all = () => must(host, 'find /etc /var/lib -printf "%p %s %T@\\n" | sort')
    const before = await all()
    expect(await (await site('never')).start('remove').verdict()).toEqual({
      code: 0,
      hosts: { never: 'unchanged' },
    })
    expect(await all()).toBe(before)
    await isWithoutFleet(host)
  })

  it('is refused where the rules of before would lock the controller out, and taken back where it does', async () => {
    const host = lab().host('closed')
    await install(host)
    await must(host, 'cat >/etc/iptables/rules.v4', RULES4.replace('--dport 22', '--dport 2222'))
    const at = await site('closed')
    await at.mustApply()
    const fleets = await state(host)
    const refused = await at.start('remove').verdict()
    expect(refused).toEqual({ code: 3, hosts: { closed: 'refused: lockout-in' } })
    expect(await state(host)).toEqual(fleets)
    const risked = at.start('remove', '--accept-lockout-risk', 'closed', '--confirm-timeout', '4')
    expect(await risked.verdict()).toEqual({ code: 3, hosts: { closed: 'reverted: rolled-back' } })
    expect(await inForce(host)).toEqual(fleets.live)
    expect(await generationOf(host)).toBe(1)
  })

  it('leaves the chains of Docker and fail2ban as they are', async () => {
    const host = lab().host('foreign')
    await startDocker(host)
    const at = await site('foreign')
    await at.mustApply()
    await startFail2ban(host)
    const theirs = await foreignLines(host)
    expect(await at.start('remove').verdict()).toEqual(removed('foreign'))
    expect(await foreignLines(host)).toEqual(theirs)
    expect(await hostRules(host)).toContain(':INPUT ACCEPT\n:FORWARD DROP\n')
    await isWithoutFleet(host)
  })

  it('that dies (kill -9) before it is confirmed is taken back by the host', async () => {
    const host = lab().host('killed')
    const at = await site('killed')
    await at.mustApply()
    const fleets = await inForce(host)
    await allowOneConnection(lab(), 'killed')
    const running = at.start('remove', '--confirm-timeout', '4')
    await becomes(host, /^APPLIED/)
    expect(await inForce(host)).toEqual(['', ''])
    await running.kill()
    await becomes(host, /ROLLED_BACK/)
    expect(await inForce(host)).toEqual(fleets)
    expect(await generationOf(host)).toBe(1)
    await allowConnections(lab(), 'killed')
    expect(await at.start('remove').verdict()).toEqual(removed('killed'))
  })

  it('goes back to no rules where old files lay there that nothing loaded, and leaves them not loaded', async () => {
    const host = lab().host('stale')
    await must(
      host,
      'mkdir -p /etc/iptables && cat >/etc/iptables/rules.v4',
      RULES4.replace('--dport 22', '--dport 2222'),
    )
    const before = await state(host)
    const at = await site('stale')
    await at.mustApply()
    expect(await at.start('remove').verdict()).toEqual(removed('stale'))
    expect(await state(host)).toEqual(before)
    await host.unplug()
    await host.boot()
    expect(await state(host)).toEqual(before)
  })

  it('survives a power loss at each step that follows the confirmation', { timeout: 400_000 }, async () => {
    const { at, before } = await withRulesBefore('dark')
    const host = lab().host('dark')
    const fleets = (await state(host)).live
    const steps = [
      { tool: 'mv', args: '*/current', verdict: 'reverted: rolled-back', live: fleets },
      { tool: 'sync', args: '/etc/iptables/fleet', verdict: 'failed: half-removed', live: before.live },
      { tool: 'sync', args: '/etc/iptables', verdict: 'failed: half-removed', live: before.live },
      { tool: 'netfilter-persistent', args: 'start', verdict: 'failed: half-removed', live: before.live },
    ]
    for (const { tool, args, verdict, live } of steps) {
      await hang(host, tool, args)
      const running = at.start('remove', '--connect-timeout', '3')
      await until(
        async () => (await host.exec('test -e /hanging')).code,
        code => code === 0,
      )
      await host.unplug()
      await rm(join(host.disk, 'usr/local/sbin', tool))
      await rm(join(host.disk, 'hanging'))
      await host.boot()
      expect({ tool, args, live: await inForce(host) }).toEqual({ tool, args, live })
      expect((await host.exec('systemctl is-failed netfilter-persistent')).stdout).toBe('active\n')
      expect(await running.verdict()).toEqual({ code: 3, hosts: { dark: verdict } })
      expect(await at.start('remove').verdict()).toEqual(removed('dark'))
      expect(await state(host)).toEqual(before)
      await isWithoutFleet(host)
      await at.start('apply', '--replace-unmanaged').verdict()
      expect(await inForce(host)).toEqual(fleets)
    }
  })
})
