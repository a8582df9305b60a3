import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callHost, EXIT, stopOf } from '../../../src/host/call.ts'
import { hostProgram, INSTALL_PROGRAM } from '../../../src/host/program.ts'
import type { Session } from '../../../src/session/session.ts'
import { filter, look, type Wanted, wanted, web } from './change.ts'
import { listed, put } from './mini-host.ts'
import { aHost, applied, bootId, leftovers, over, persisted, rules } from './steps.ts'

describe('observe', () => {
  it('reads everything that the controller decides by', async () => {
    const host = await aHost()
    await host.must(
      'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE; ip6tables -N MINE; ipset create banned hash:ip',
    )
    const before = await rules(host)
    const seen = await over(host, session => look(session, web))
    expect(seen).toMatchObject({
      bootId: await bootId(host),
      sshConnection: '198.51.100.7 50000 192.0.2.1 22',
      init: 'other',
      os: 'debian',
      ipv6: true,
      lacks: [],
      persistent: true,
      rulesFiles: [],
      managers: [],
      sets: ['banned'],
      generation: { number: 0, whole: false, linked: false, plugins: false },
      asConfirmed: false,
      guard: undefined,
      arming: false,
    })
    expect(seen.iptables).toMatch(/^iptables v1\.\d+\.\d+ \(nf_tables\)$/)
    expect(seen.live[4]).toContain('-A POSTROUTING -o eth0 -j MASQUERADE')
    expect(seen.live[6]).toContain(':MINE - [0:0]')
    expect(seen.canonical?.[4]).toContain('-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT')
    expect(await rules(host), 'and changes nothing').toBe(before)
    expect(leftovers(host)).toEqual([])
  })

  it('says by which interface and router answers to the controller leave, and whether it has neighbours', async () => {
    const host = await aHost()
    await host.must(`ip link add wire type veth peer name tunnel; ip link set wire up; ip link set tunnel up arp off
ip addr add 192.0.2.1/24 dev wire; ip addr add 2001:db8::1/64 dev wire nodad
ip route add 198.51.100.0/24 via 192.0.2.254; ip route add 2001:db8:1::/64 via fe80::ff dev wire
ip route add 203.0.113.0/24 dev tunnel`)
    const way = async (from: string) => {
      const session = await host.connect({ from: `${from} 50000 192.0.2.1 22` })
      const { interface: name, gateway, isDirect } = await look(session, web)
      await session.close()
      return { name, gateway, isDirect }
    }
    expect(await way('198.51.100.7')).toEqual({ name: 'wire', gateway: '192.0.2.254' })
    expect(await way('2001:db8:1::7')).toEqual({ name: 'wire', gateway: 'fe80::ff' })
    expect(await way('2001:db8::7')).toEqual({ name: 'wire' })
    expect(await way('203.0.113.7')).toEqual({ name: 'tunnel', isDirect: true })
    expect(await way('::1')).toEqual({ name: 'lo', isDirect: true })
  })

  it('gives the candidate in the words of the host', async () => {
    const host = await aHost()
    const rough = filter('INPUT -m state --state NEW -p tcp --dport ssh -s 192.0.2.9/24 -j ACCEPT')
    const seen = await over(host, session => look(session, { rules: { 4: rough, 6: '' } }))
    expect(seen.canonical?.[4]).toContain(
      '-A INPUT -s 192.0.2.0/24 -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT',
    )
    expect(seen.canonical?.[6], 'a family without a rule').not.toContain('*')
  })

  it('says why a candidate does not load, family by family', async () => {
    const host = await aHost()
    const want: Wanted = { rules: { 4: filter('INPUT -p tcp --dport 99999 -j ACCEPT'), 6: filter() } }
    const seen = await over(host, session => look(session, want))
    expect(seen.canonical).toBeUndefined()
    expect([...seen.loadErrors.keys()]).toEqual(['4'])
    expect(seen.loadErrors.get('4')).toMatch(/99999/)
  })

  it('loads the sets before the rules that refer to them', async () => {
    const host = await aHost()
    const uses = (family: string) => filter(`INPUT -m set --match-set ${family} src -j DROP`)
    const sets = 'create a4 hash:net family inet\nadd a4 203.0.113.0/24\ncreate a6 hash:net family inet6\n'
    const want = { rules: { 4: uses('a4'), 6: uses('a6') }, sets }
    const seen = await over(host, session => look(session, want))
    expect(seen.canonical?.[6]).toContain('--match-set a6 src')
    const bad = await over(host, session => look(session, { ...want, sets: 'create a4 hash:nothing\n' }))
    expect([...bad.loadErrors.keys()]).toEqual(['sets'])
    expect(await host.must('ipset list -n')).toBe('')
  })

  it('loads nothing where all is as it was confirmed, and looks closer as soon as it is not', async () => {
    const host = await aHost()
    await persisted(host, web)
    const again = () => over(host, session => look(session, web))
    expect(await again()).toMatchObject({
      asConfirmed: true,
      canonical: undefined,
      generation: { number: 1, whole: true, linked: true, plugins: true, enabled: true },
    })
    expect((await again()).generation.rules[4]).toContain('--dport 443')
    await host.must('iptables -I INPUT -s 203.0.113.9 -j RETURN')
    expect((await again()).asConfirmed, 'a foreign rule is no difference').toBe(true)
    const other = await over(host, session => look(session, wanted()))
    expect(other.asConfirmed, 'asked for something else').toBe(false)
    await host.must('ip6tables -D INPUT -i lo -j ACCEPT')
    expect((await again()).asConfirmed, 'a rule is missing').toBe(false)
    await host.must('ip6tables -I INPUT -i lo -j ACCEPT')
    await host.must('echo "#" >>/etc/iptables/rules.v4')
    expect(await again()).toMatchObject({ asConfirmed: false, generation: { whole: false } })
  })

  it('tells what else manages rules', async () => {
    const host = await aHost()
    await host.must(
      'mkdir -p /etc/network/if-pre-up.d /etc/systemd/system/multi-user.target.wants; cd /etc/network/if-pre-up.d;' +
        'echo "iptables-restore </etc/rules" >iptables; echo "# iptables" >comment; echo "nft -f x" >off; chmod 755 iptables comment; chmod 644 off;' +
        'ln -s /dev/null /etc/systemd/system/multi-user.target.wants/nftables.service',
    )
    const seen = await over(host, session => look(session, web))
    expect(seen.managers).toEqual([{ name: 'nftables' }, { name: '/etc/network/if-pre-up.d/iptables' }])
  })

  it('tells of rules in the other backend', async () => {
    const nft = await aHost()
    await nft.must('iptables-legacy -A INPUT -s 203.0.113.1 -j DROP')
    const seen = await over(nft, session => look(session, web))
    expect(seen.other[4]).toContain('203.0.113.1')
    expect(seen.live[4]).toBe('')
    const legacy = await aHost({ backend: 'legacy' })
    await legacy.must('ip6tables-nft -A INPUT -s 2001:db8::1 -j DROP')
    const other = await over(legacy, session => look(session, web))
    expect(other.iptables).toContain('legacy')
    expect(other.other[6]).toContain('2001:db8::1')
  })

  it('refuses when the rules cannot be read, instead of seeing none', async () => {
    const host = await aHost()
    put(host, 'usr/local/sbin/ip6tables-save', '#!/bin/sh\necho broken >&2\nexit 1\n')
    await host.must('chmod 755 /usr/local/sbin/ip6tables-save')
    await expect(over(host, session => look(session, web))).rejects.toMatchObject({
      code: 'host-refuses',
      args: { why: 'cannot-read-rules', detail: 'broken' },
    })
  })

  it('still tells the facts of a host that has no iptables', async () => {
    const host = await aHost({ bare: true })
    await host.must('rm /usr/sbin/iptables-save /usr/sbin/iptables')
    const seen = await over(host, session => look(session, web))
    expect(seen).toMatchObject({
      lacks: ['iptables', 'iptables-save'],
      persistent: false,
      iptables: '',
      os: 'debian',
    })
  })

  it('says who holds the host', async () => {
    const host = await aHost()
    const { nonce } = await applied(host, web)
    const { guard } = await over(host, session => look(session, web))
    expect(guard).toMatchObject({ nonce, who: 'tester@controller', run: 'run-1', alive: true })
    expect(guard?.state).toMatch(/^APPLIED-/)
  })
})

describe('the program on the host', () => {
  it('is stored at the first contact, and again when it is damaged', async () => {
    const host = await aHost()
    const file = join(host.root, `var/lib/fleet/host-${hostProgram().hash}.sh`)
    await over(host, session => look(session, web))
    expect(readFileSync(file, 'utf8')).toBe(hostProgram().text)
    for (const size of [0, 1000, hostProgram().text.length - 400]) {
      truncateSync(file, size)
      expect((await over(host, session => look(session, web))).os).toBe('debian')
      expect(readFileSync(file, 'utf8')).toBe(hostProgram().text)
    }
  })

  it('is not stored from a stream that broke off', async () => {
    const host = await aHost()
    const { text, hash } = hostProgram()
    const run = {
      script: INSTALL_PROGRAM,
      args: [hash, '/var/lib/fleet'],
      stdin: text.slice(0, -10),
      timeout: 10_000,
    }
    const answer = await over(host, session => session.run(run))
    expect(answer.code).toBe(EXIT.storage)
    expect(listed(join(host.root, 'var/lib/fleet'))).toEqual([])
  })

  it('refuses a bundle with a byte changed, and a verb that it does not know', async () => {
    const host = await aHost()
    const spoil = (session: Session): Session => ({
      ...session,
      run: run =>
        session.run({
          ...run,
          ...(typeof run.stdin === 'string' ? { stdin: run.stdin.replace('443', '444') } : {}),
        }),
    })
    await over(host, session => look(session, wanted()))
    await expect(over(host, session => look(spoil(session), web))).rejects.toMatchObject({
      code: 'host-storage',
    })
    const reply = await over(host, session => callHost(session, { verb: 'dance', timeout: 5000 }))
    expect([reply.code, stopOf(reply)]).toEqual([EXIT.refused, { why: 'unknown-verb', detail: 'dance' }])
  })
})
