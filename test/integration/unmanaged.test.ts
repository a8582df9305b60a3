import { describe, expect, it } from 'vitest'
import { generationOf } from './hosts/guard.ts'
import { hostRules, inForce } from './hosts/rules.ts'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'
import { until } from './hosts/wait.ts'

/* What stands on a host before fleet comes, live or in a file, and that fleet didn't make. */

const lab = useTestLab('unmanaged', ['hand', 'jump', 'gone', 'file', { name: 'stale', systemd: true }], {
  packages: true,
})

const site = (name: string, variables = '') =>
  makeSite(lab(), ['[web]', name], { 'group_vars/web.yml': `http_from: anywhere\n${variables}` })
const apply = async (name: string, ...args: readonly string[]) =>
  (await site(name)).start('apply', 'inventory.ini', ...args)

async function sh(name: string, commands: string): Promise<string> {
  const { code, stdout, stderr } = await lab().host(name).exec(commands)
  if (code !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout
}

const HAND = [
  '-A INPUT -s 192.0.2.0/24 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 8080 -m comment --comment "old console" -j ACCEPT',
  '-A OUTPUT -d 198.51.100.7/32 -j DROP',
]
const HAND6 = ['-A INPUT -p tcp -m tcp --dport 8081 -j DROP']
const HAND_NAT = ['-A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE']

describe.concurrent('rules that somebody wrote by hand', () => {
  it('are shown one by one and keep a first apply from happening, until they may go', async () => {
    const host = lab().host('hand')
    const all = [
      ...HAND.map(rule => `iptables ${rule}`),
      ...HAND6.map(rule => `ip6tables ${rule}`),
      ...HAND_NAT.map(rule => `iptables -t nat ${rule}`),
    ]
    await sh('hand', `set -e; ${all.join('; ')}`)
    const old = await inForce(host)

    const plan = await (await site('hand')).fleet('plan', 'inventory.ini')
    for (const rule of [...HAND, ...HAND6, ...HAND_NAT.map(one => `-t nat ${one}`)])
      expect(plan.stdout).toContain(`not made by fleet: ${rule}\n`)
    expect(plan.code).toBe(3)
    expect(plan.stdout).toContain('--replace-unmanaged')
    expect(await (await apply('hand')).verdict()).toEqual({
      code: 3,
      hosts: { hand: 'refused: unmanaged-first' },
    })
    expect(await inForce(host)).toEqual(old)
    expect(await generationOf(host)).toBeUndefined()

    expect(await (await apply('hand', '--replace-unmanaged')).verdict()).toEqual({
      code: 0,
      hosts: { hand: 'persisted: unmanaged-replaced' },
    })
    const live = (await inForce(host)).join('')
    for (const rule of [...HAND, ...HAND6, ...HAND_NAT]) expect(live).not.toContain(rule)
    expect(live).toMatch(/^:INPUT DROP$/m)
  })

  it('stay, and are shown, when they come after a first apply', async () => {
    const host = lab().host('gone')
    await (await site('gone')).mustApply()
    await sh('gone', 'iptables -I INPUT 3 -s 192.0.2.77 -j ACCEPT')
    const quiet = await (await site('gone')).fleet('plan', 'inventory.ini')
    expect({ code: quiet.code, stdout: quiet.stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('not made by fleet: -A INPUT -s 192.0.2.77/32 -j ACCEPT'),
    })
    expect(await (await apply('gone', '-e', 'http_ports=81')).verdict()).toEqual({
      code: 0,
      hosts: { gone: 'persisted: unmanaged-kept' },
    })
    expect(await hostRules(host)).toContain('-A INPUT -s 192.0.2.77/32 -j ACCEPT')
    expect(await hostRules(host)).toContain('--dport 81 ')
    await (await apply('gone', '-e', 'http_ports=82', '--replace-unmanaged')).verdict()
    expect(await hostRules(host)).not.toContain('192.0.2.77')
  })

  it('that jump to a chain which fleet does not know refuse the host, until the chain is named', async () => {
    const host = lab().host('jump')
    await sh(
      'jump',
      'set -e; for c in KEEPME DROPME; do iptables -N $c; iptables -A $c -s 192.0.2.9 -j DROP; iptables -A INPUT -j $c; done',
    )
    const old = await inForce(host)
    const refused = await (await site('jump')).fleet('apply', 'inventory.ini', '--replace-unmanaged')
    expect(refused.code).toBe(3)
    expect(refused.stdout).toMatch(/^jump: refused: .*KEEPME.*DROPME.*fleet_preserve.*fleet_replace/m)
    expect(await inForce(host)).toEqual(old)

    const named = await site('jump', 'fleet_preserve: [KEEP*]\nfleet_replace: [DROPME]\n')
    await named.mustApply()
    const live = await hostRules(host)
    expect(live).toContain('-A INPUT -j KEEPME\n')
    expect(live).toContain('-A KEEPME -s 192.0.2.9/32 -j DROP\n')
    expect(live).not.toContain('DROPME')
    expect((await named.fleet('apply', 'inventory.ini')).stdout).toBe('1 host: unchanged\n')
  })
})

/** A lockout in waiting. The address is how it is recognised wherever it turns up. */
const STALE =
  '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -s 203.0.113.99 -j ACCEPT\nCOMMIT\n'
const writeStale = (name: string) =>
  lab()
    .host(name)
    .exec(
      'mkdir -p /etc/iptables; tee /etc/iptables/rules.v4 >/etc/iptables/rules.v4.old; cp /etc/iptables/rules.v4.old /etc/iptables/rules.v4',
      STALE,
    )

/** All that is loaded into a host's kernel from now on, as the kernel tells it; until the host's power goes. */
function watchRules(name: string): () => string {
  const monitor = lab().spawn(
    ['nsenter', `--net=/run/netns/${lab().host(name).namespace}`, 'nft', 'monitor', 'rules'],
    { stdio: 'pipe' },
  )
  let said = ''
  monitor.stdout?.on('data', chunk => {
    said += String(chunk)
  })
  return () => said
}

describe.concurrent('old rules in /etc/iptables on a host without iptables-persistent', () => {
  it('are never loaded by installing it, and give way to what was confirmed', async () => {
    const host = lab().host('stale')
    await writeStale('stale')
    const seen = watchRules('stale')
    await (await site('stale')).mustApply()
    await until(
      async () => seen(),
      said => said.includes('fleet drop in'),
    )
    expect(seen()).not.toContain('203.0.113.99')
    const live = await inForce(host)
    expect(await sh('stale', 'cat /etc/iptables/fleet/gen-000000/rules.v4')).toBe(STALE)
    await host.unplug()
    await host.boot()
    expect(await inForce(host)).toEqual(live)
  })

  it('refuse a host where nothing could keep the package from loading them', async () => {
    await writeStale('file')
    const old = await inForce(lab().host('file'))
    const { code, stdout } = await (await site('file')).fleet('apply', 'inventory.ini')
    expect(code).toBe(3)
    expect(stdout).toMatch(/^file: refused: .*\/etc\/iptables \(rules\.v4\)/m)
    expect(await inForce(lab().host('file'))).toEqual(old)
    expect(await sh('file', 'dpkg-query -W iptables-persistent 2>&1 || true')).toMatch(/no packages found/)
  })
})
