import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filter, look, type Wanted, wanted, web } from './change.ts'
import { listed, type MiniHost, put } from './mini-host.ts'
import { aHost, over, persisted, rules } from './steps.ts'

const generations = (host: MiniHost) =>
  listed(join(host.root, 'etc/iptables/fleet')).filter(name => name.startsWith('gen-'))
const link = (host: MiniHost, path: string) => readlinkSync(join(host.root, 'etc/iptables', path))
const read = (host: MiniHost, path: string) => readFileSync(join(host.root, 'etc/iptables', path), 'utf8')
const numbered = (at: number): Wanted => wanted(`INPUT -p tcp -m tcp --dport ${8000 + at} -j ACCEPT`)

/** What a boot does, with the kernel's state gone: a namespace of its own, then the rules in it. */
const boot = (host: MiniHost) =>
  host.must(
    'unshare -n sh -c "netfilter-persistent start >/tmp/boot 2>&1; iptables-save; ip6tables-save; ipset save" | grep -v "^#" | sed "s/ \\[[0-9:]*\\]$//"',
  )

describe('generations', () => {
  it('keep what stood before as the first, and boot what was confirmed', async () => {
    const host = await aHost()
    put(
      host,
      'etc/iptables/rules.v4',
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.66 -j DROP\nCOMMIT\n',
    )
    await persisted(host, web)
    expect(generations(host)).toEqual(['gen-000000', 'gen-000001'])
    expect(read(host, 'fleet/gen-000000/rules.v4')).toContain('192.0.2.66')
    expect([link(host, 'rules.v4'), link(host, 'rules.v6'), link(host, 'fleet/current')]).toEqual([
      'fleet/current/rules.v4',
      'fleet/current/rules.v6',
      'gen-000001',
    ])
    expect(JSON.parse(read(host, 'fleet/current/meta.json'))).toMatchObject({ generation: 1, run: 'run-1' })
    expect(await boot(host)).toBe(await rules(host))
    await persisted(host, wanted())
    await persisted(host, web)
    expect(link(host, 'fleet/current')).toBe('gen-000003')
    expect(listed(join(host.root, 'etc/iptables/fleet/gen-000003'))).toEqual([
      'ipsets',
      'meta.json',
      'rules.v4',
      'rules.v6',
    ])
  })

  it('are ten, and the first', async () => {
    const host = await aHost()
    for (let at = 1; at <= 12; at += 1) await persisted(host, numbered(at))
    expect(generations(host)).toHaveLength(11)
    expect(generations(host).slice(0, 2)).toEqual(['gen-000000', 'gen-000003'])
    expect(await boot(host)).toBe(await rules(host))
  })

  it.each([
    ['links that lead nowhere', 'ln -s /nowhere rules.v4; ln -s fleet/current/rules.v6 rules.v6'],
    ['a current that leads nowhere', 'mkdir fleet; ln -s gen-000007 fleet/current'],
    [
      'what a run that died left',
      'mkdir -p fleet/staged-dead fleet/gen-000001; echo x >fleet/gen-000001/rules.v4; ln -s gone fleet/current.first',
    ],
  ])('take the place of %s', async (_, make) => {
    const host = await aHost()
    await host.must(`cd /etc/iptables && ${make}`)
    await persisted(host, web)
    const seen = await over(host, session => look(session, web))
    expect(seen).toMatchObject({ asConfirmed: true, generation: { whole: true, linked: true } })
    expect(await boot(host)).toBe(await rules(host))
    expect(generations(host).filter(name => name.includes('broken'))).toEqual([])
    expect(listed(join(host.root, 'etc/iptables/fleet')).filter(name => name.startsWith('staged'))).toEqual(
      [],
    )
  })

  it('are not written through by netfilter-persistent save', async () => {
    const host = await aHost()
    await persisted(host, web)
    const before = read(host, 'fleet/current/rules.v4')
    await host.must('iptables -A INPUT -s 192.0.2.66 -j DROP; netfilter-persistent save')
    expect(read(host, 'fleet/current/rules.v4')).toBe(before)
    expect(read(host, 'rules.v4')).toContain('192.0.2.66')
    const seen = await over(host, session => look(session, web))
    expect(seen.generation).toMatchObject({ whole: true, linked: false })
    await persisted(host, wanted())
    expect((await over(host, session => look(session, wanted()))).generation.linked).toBe(true)
  })
})

describe('a boot', () => {
  const sets =
    'create evil4 hash:net family inet\nadd evil4 203.0.113.0/24\ncreate evil6 hash:net family inet6\nadd evil6 2001:db8::/32\n'
  const withSets: Wanted = {
    rules: {
      4: filter('INPUT -m set --match-set evil4 src -j DROP', 'INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
      6: filter('INPUT -m set --match-set evil6 src -j DROP', 'INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
    },
    sets,
  }

  it('makes the sets that the rules refer to, with their members', async () => {
    const host = await aHost()
    await persisted(host, withSets)
    expect(await host.must('ipset list -n')).toBe('evil4\nevil6\n')
    const booted = await boot(host)
    expect(booted).toContain('-A INPUT -m set --match-set evil6 src -j DROP')
    expect(booted).toMatch(/add evil4 203\.0\.113\.0\/24/)
    await persisted(host, web)
    expect(await host.must('ipset list -n'), 'sets that nothing refers to any more').toBe('')
  })

  it('loads the generation once more where something else was loaded', async () => {
    const host = await aHost()
    await persisted(host, web)
    put(host, 'usr/share/netfilter-persistent/plugins.d/20-other', '#!/bin/sh\niptables -F\n')
    await host.must('chmod 755 /usr/share/netfilter-persistent/plugins.d/20-other')
    expect(await boot(host)).toBe(await rules(host))
  })

  it('is loud where the generation cannot be loaded', async () => {
    const host = await aHost()
    await persisted(host, web)
    await host.must('echo garbage >/etc/iptables/fleet/current/rules.v4')
    await boot(host)
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).toContain(
      'fleet: the rules loaded at boot are not those of generation 1',
    )
  })
})
