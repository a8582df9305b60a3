import { describe, expect, it } from 'vitest'
import { installPackages } from '../../src/host/packages.ts'
import type { LabHost } from '../../src/lab/host.ts'
import { rootSession } from './hosts/root-session.ts'
import { hostRules } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

const lab = useTestLab('packages', ['light', 'stale', { name: 'sys1', systemd: true }], {
  packages: true,
})

const STALE = '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n'

/** The package step over no SSH: what it does to the host is the question here. */
const install = (host: LabHost) => installPackages(rootSession(host), 60_000)

async function must(host: LabHost, command: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(command, stdin)
  if (code !== 0) throw new Error(`${host.name}: ${command}: ${stderr}`)
  return stdout
}

const isInstalled = async (host: LabHost) =>
  (await host.exec(`dpkg-query -W -f '\${db:Status-Status}' iptables-persistent`)).stdout === 'installed'

describe('a host without systemd', () => {
  it('gets the packages, from a source that it has no list of yet, and nothing is loaded or saved', async () => {
    const host = lab().host('light')
    expect(await must(host, 'find /var/lib/apt/lists -type f')).toBe('')
    await must(host, 'iptables -A INPUT -s 192.0.2.66 -j DROP')
    const before = await hostRules(host)
    expect(await install(host)).toEqual(
      expect.arrayContaining(['iptables-persistent', 'netfilter-persistent']),
    )
    expect(await hostRules(host)).toBe(before)
    expect(await must(host, 'ls /etc/iptables')).toBe('')
    // In an order that is another one each time.
    const answers = await must(host, 'debconf-show iptables-persistent')
    expect(answers).toMatch(/autosave_v4: false/)
    expect(answers).toMatch(/autosave_v6: false/)
    expect(await install(host), 'the second time').toEqual([])
  })

  it('is refused where old rules lie that the installation would load', async () => {
    const host = lab().host('stale')
    await must(host, 'mkdir -p /etc/iptables; cat >/etc/iptables/rules.v4', STALE)
    await expect(install(host)).rejects.toMatchObject({
      code: 'packages-refused',
      hostState: 'refused',
      args: { why: 'cannot-mask', detail: '/etc/iptables/rules.v4' },
    })
    expect(await isInstalled(host)).toBe(false)
    expect(await hostRules(host)).toBe('')
  })

  it('gets ipset alone where the rules that lie there are already loaded at a boot', async () => {
    const host = lab().host('light')
    await must(host, 'apt-get -qq -y remove ipset; cat >/etc/iptables/rules.v4', STALE)
    expect(await install(host)).toContain('ipset')
    expect(await hostRules(host)).toContain('192.0.2.66')
  })
})

describe('a host with systemd', () => {
  const unit = async (host: LabHost) =>
    (await host.exec('systemctl is-enabled netfilter-persistent; systemctl is-active netfilter-persistent'))
      .stdout

  it('does not load old rules by the installation, and not at a boot before anything is confirmed', async () => {
    const host = lab().host('sys1')
    await must(host, 'mkdir -p /etc/iptables; cat >/etc/iptables/rules.v4', STALE)
    expect(await install(host)).toContain('iptables-persistent')
    expect(await hostRules(host)).toBe('')
    expect(await unit(host)).toBe('disabled\ninactive\n')
    expect(await must(host, 'cat /etc/iptables/rules.v4')).toBe(STALE)
    await host.unplug()
    await host.boot()
    expect(await hostRules(host)).toBe('')
  })

  it('loads what was confirmed from then on, and keeps the old file', async () => {
    const host = lab().host('sys1')
    const site = await makeSite(lab(), ['sys1'])
    await site.mustApply()
    expect(await unit(host)).toBe('enabled\ninactive\n')
    expect(await must(host, 'cat /etc/iptables/fleet/gen-000000/rules.v4')).toBe(STALE)
    const live = await hostRules(host)
    await host.unplug()
    await host.boot()
    expect(await hostRules(host)).toBe(live)
    expect(await unit(host)).toBe('enabled\nactive\n')
  })
})
