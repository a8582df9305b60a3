import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FleetError } from '../../../src/model/error.ts'
import { filter, look, type Wanted, wanted, web } from './change.ts'
import { listed, type MiniHost, put } from './mini-host.ts'
import { aHost, armed, over, persisted, rules } from './steps.ts'

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

  it('are ten, the first, and what the release of a lockdown leads to', async () => {
    const host = await aHost()
    for (let at = 1; at <= 12; at += 1)
      await persisted(host, { ...numbered(at), ...(at > 10 ? { lockdown: 1 } : {}) })
    expect(generations(host).slice(0, 3)).toEqual(['gen-000000', 'gen-000001', 'gen-000003'])
    await persisted(host, numbered(13))
    expect(generations(host)).toHaveLength(11)
    expect(generations(host).slice(0, 2)).toEqual(['gen-000000', 'gen-000004'])
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

describe('where `current` is not what it was', () => {
  /** Rules of the operator's, and three generations since. */
  async function thrice(): Promise<MiniHost> {
    const host = await aHost()
    put(host, 'etc/iptables/rules.v4', filter('INPUT -s 192.0.2.66 -j DROP'))
    for (const want of [web, wanted(), web]) await persisted(host, want)
    return host
  }
  const first = (host: MiniHost) => read(host, 'fleet/gen-000000/rules.v4')
  const older = (host: MiniHost, base: number) =>
    armed(host, wanted(), { base, generation: base + 1 }).catch(({ args }: FleetError) => args)

  it.each([
    ['is gone', 'rm fleet/current', 3],
    [
      'is gone, and plain files are in the place of the links',
      'netfilter-persistent save; rm fleet/current',
      3,
    ],
    ['leads nowhere', 'ln -sfn gen-000077 fleet/current', 77],
    ['leads to a generation that is gone', 'rm -r fleet/gen-000003', 3],
  ])(
    'and %s, what is owned and what stood before is known, and no number comes twice',
    async (_, how, at) => {
      const host = await thrice()
      await host.must(`cd /etc/iptables; ${how}`)
      const { generation } = await over(host, session => look(session, web))
      expect(generation).toMatchObject({ number: at, newest: at, linked: false })
      expect(generation.rules[4]).toContain('--dport 22 -j ACCEPT')
      for (const base of [0, 1, 2]) expect(await older(host, base)).toEqual({ what: 'generation' })
      await persisted(host, web)
      expect(link(host, 'fleet/current')).toBe(`gen-${String(at + 1).padStart(6, '0')}`)
      expect(first(host)).toContain('192.0.2.66')
      expect(await boot(host)).toBe(await rules(host))
    },
  )

  it('and leads to an older one by hand, the next is newer than all, and an older controller is refused', async () => {
    const host = await thrice()
    await host.must('ln -sfn gen-000001 /etc/iptables/fleet/current')
    const { generation } = await over(host, session => look(session, web))
    expect(generation).toMatchObject({ number: 1, newest: 3, linked: true })
    expect(await older(host, 1)).toEqual({ what: 'generation' })
    await persisted(host, wanted())
    expect(link(host, 'fleet/current')).toBe('gen-000004')
    expect(read(host, 'fleet/gen-000002/meta.json')).toContain('"generation": 2')
  })

  it('and there is no generation left, what stood before is kept', async () => {
    const host = await thrice()
    await host.must('cd /etc/iptables/fleet && rm -r current gen-000001 gen-000002 gen-000003')
    await persisted(host, web)
    expect(first(host)).toContain('192.0.2.66')
    expect(await boot(host)).toBe(await rules(host))
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
    await host.must('rm -r /var/lib/fleet/txn; echo garbage >/etc/iptables/fleet/current/rules.v4')
    await boot(host)
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).toContain(
      'fleet: the rules loaded at boot are not those of generation 1',
    )
  })

  /** What the boot's ipset makes of what it is given, the first time or each time. */
  const fillsBadly = async (host: MiniHost, script: string, once = '') => {
    const restores = `[ "$1" = restore ]${once && ' && mkdir /tmp/once 2>/dev/null'}`
    put(
      host,
      'usr/local/sbin/ipset',
      `#!/bin/dash\nif ${restores}; then ${script}; exit 0; fi\nexec /usr/sbin/ipset "$@"\n`,
    )
    await host.must('chmod 755 /usr/local/sbin/ipset')
  }

  it('is loud where a set lacks a member', async () => {
    const host = await aHost()
    await persisted(host, withSets)
    await fillsBadly(host, "grep -v '^add evil6' | /usr/sbin/ipset restore -exist")
    expect(await boot(host)).toContain('-A INPUT -m set --match-set evil6 src -j DROP')
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).toContain(
      'fleet: the rules loaded at boot are not those of generation 1',
    )
  })

  it('puts right what a set lacks, and what somebody loaded into it before', async () => {
    const host = await aHost()
    await persisted(host, withSets)
    const lost = "grep -v '^add' | /usr/sbin/ipset restore -exist; /usr/sbin/ipset add evil4 10.0.0.0/8"
    await fillsBadly(host, lost, 'once')
    const booted = await boot(host)
    expect(booted).toMatch(/add evil4 203\.0\.113\.0\/24/)
    expect(booted).toMatch(/add evil6 2001:db8::\/32/)
    expect(booted).not.toContain('10.0.0.0/8')
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).not.toContain('fleet:')
  })

  it('loads what was confirmed last where `current` is gone, and is loud', async () => {
    const host = await aHost()
    await persisted(host, withSets)
    await host.must('rm /etc/iptables/fleet/current')
    const booted = await boot(host)
    expect(booted).toContain('-A INPUT -m set --match-set evil6 src -j DROP')
    expect(booted).toContain(await rules(host))
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).toContain(
      'fleet: the generation that is to boot is not to be found',
    )
  })

  it('goes on where ipset hangs', async () => {
    const host = await aHost()
    await persisted(host, withSets)
    put(host, 'usr/local/sbin/ipset', '#!/bin/dash\nsleep 1000\n')
    // Whatever the time is that it has.
    put(host, 'usr/local/sbin/timeout', '#!/bin/dash\nshift 3\nexec /usr/bin/timeout -k 1 1 "$@"\n')
    await host.must('chmod 755 /usr/local/sbin/ipset /usr/local/sbin/timeout')
    await host.must('unshare -n netfilter-persistent start >/tmp/boot 2>&1 || true')
    expect(readFileSync(join(host.root, 'tmp/boot'), 'utf8')).toContain('rules loaded at boot are not those')
  })
})
