import { describe, expect, it } from 'vitest'
import { askRollback } from '../../../src/host/guard.ts'
import type { Wanted } from './change.ts'
import { type HostKind, type MiniHost, put, until } from './mini-host.ts'
import { aHost, applied, becomes, kill, over, persisted, rules, stateFile } from './steps.ts'

/*
 * Rollbacks of what isn't as it was left: others have come, gone or been at fleet's own rules. Their lines are neither
 * deleted nor written anew, fleet's are exactly the old ones again.
 */

const KINDS: readonly HostKind[] = [
  { backend: 'nft', shell: 'dash' },
  { backend: 'legacy', shell: 'dash' },
  { backend: 'nft', shell: 'busybox' },
  { backend: 'legacy', shell: 'busybox' },
]

const HEAD = '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n'
const both = (...lines: readonly string[]): Wanted => {
  const text = `${HEAD}${lines.join('\n')}\nCOMMIT\n`
  return { rules: { 4: text, 6: text } }
}
const LOOPBACK = '-A INPUT -i lo -j ACCEPT'
const SSH = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
const port = (number: number) => `-A INPUT -p tcp -m tcp --dport ${number} -j ACCEPT`
const MARK = '-A INPUT -m comment --comment "say \\"hi\\"" -j MARK --set-xmark 0x7/0xffffffff'

/** With a chain of its own, and a line that stands in it twice. */
const OLD = both(':OLD - [0:0]', LOOPBACK, MARK, SSH, MARK, '-A INPUT -j OLD', `-A OLD -p udp -j DROP`)
const NEW = both(':NEW - [0:0]', LOOPBACK, SSH, port(443), MARK, '-A INPUT -j NEW', '-A NEW -j LOG')

/** The IPv4 rules of a chain. */
const chain = async (host: MiniHost, name: string) =>
  (await host.must(`iptables -S ${name}`)).split('\n').filter(line => line.startsWith('-A'))

const withSet = (text: string) => text.replace(LOOPBACK, `-A INPUT -m set --match-set kept src -j DROP\n$&`)
/** IPv4 refers to a set, and NEW doesn't any more. */
const SET: Wanted = {
  rules: { 4: withSet(OLD.rules[4]), 6: OLD.rules[6] },
  sets: 'create kept hash:net family inet\nadd kept 203.0.113.0/24\n',
}

/** OLD is in force and on disk, then NEW; `meanwhile` happens, and the change is taken back. */
async function takenBack(kind: HostKind, before: string, meanwhile: string, old = OLD): Promise<MiniHost> {
  const host = await aHost(kind)
  await persisted(host, old)
  await host.must(before)
  const transaction = await applied(host, NEW)
  await host.must(meanwhile)
  await over(host, session => askRollback(session, transaction.nonce))
  expect(stateFile(host, transaction)).toBe('ROLLED_BACK-asked')
  return host
}

const OLD_INPUT = [LOOPBACK, MARK, SSH, MARK, '-A INPUT -j OLD']
const from = (address: string, target = 'RETURN') => `-A INPUT -s ${address}/32 -j ${target}`

describe.each(KINDS)('$backend under $shell', kind => {
  it('puts its lines where they stood among those of others, and lets newcomers stand', async () => {
    const host = await takenBack(
      kind,
      'iptables -I INPUT 3 -s 203.0.113.1 -j RETURN; iptables -I INPUT 5 -s 203.0.113.2 -j RETURN; iptables -A INPUT -s 203.0.113.3 -j RETURN',
      'iptables -I INPUT -s 203.0.113.4 -j RETURN; iptables -D INPUT -s 203.0.113.2 -j RETURN; iptables -A INPUT -j DROP',
    )
    expect(await chain(host, 'INPUT')).toEqual([
      from('203.0.113.4'),
      LOOPBACK,
      MARK,
      from('203.0.113.1'),
      ...OLD_INPUT.slice(2),
      from('203.0.113.3'),
      '-A INPUT -j DROP',
    ])
  })

  it('keeps its lines before a newcomer that they stood before', async () => {
    const host = await takenBack(kind, 'true', 'iptables -I INPUT 3 -j DROP')
    expect(await chain(host, 'INPUT')).toEqual([...OLD_INPUT, '-A INPUT -j DROP'])
  })

  it('finds its way back from anything: rules gone, doubled, moved, policies and chains too', async () => {
    const clean = await rules(await takenBack(kind, 'true', 'true'))
    const flush =
      kind.backend === 'nft' ? 'nft flush ruleset' : 'printf "*filter\nCOMMIT\n" | iptables-restore'
    const ways = [
      'iptables -F; iptables -P INPUT ACCEPT; iptables -X; ip6tables -F',
      'iptables -D INPUT 1; iptables -I INPUT 3 -i lo -j ACCEPT; iptables -A INPUT -i lo -j ACCEPT; ip6tables -F INPUT',
      'for t in iptables ip6tables; do $t-save | grep -v "^-A INPUT" | $t-restore; done',
      flush,
      'for t in iptables ip6tables; do $t -A INPUT -j NEW; done',
    ]
    const after = await Promise.all(ways.map(async way => rules(await takenBack(kind, 'true', way))))
    expect(after).toEqual(ways.map(() => clean))
  })

  it('makes the sets again that its old rules need', async () => {
    const host = await takenBack(kind, 'true', 'ipset destroy', SET)
    expect((await chain(host, 'INPUT'))[0]).toBe('-A INPUT -m set --match-set kept src -j DROP')
    expect(await host.must('ipset save kept')).toContain('add kept 203.0.113.0/24\n')
  })

  it('leaves a chain of its own to others who use it', async () => {
    const host = await takenBack(
      kind,
      'true',
      'iptables -I FORWARD -j NEW; iptables -I NEW -s 203.0.113.6 -j RETURN; ip6tables -I FORWARD -j NEW',
    )
    expect(await chain(host, 'INPUT')).toEqual(OLD_INPUT)
    expect(await chain(host, 'NEW')).toEqual(['-A NEW -s 203.0.113.6/32 -j RETURN'])
    expect(await host.must('ip6tables -S NEW')).toBe('-N NEW\n')
  })
})

describe.each(['dash', 'busybox'] as const)('what nft put in (%s)', shell => {
  it('is not written anew as what iptables-save prints', async () => {
    const host = await takenBack(
      { backend: 'nft', shell },
      'true',
      `nft add set ip filter blocked '{ type ipv4_addr; }'
nft insert rule ip filter INPUT ip saddr @blocked drop
nft add rule ip filter OUTPUT ip daddr vmap '{ 203.0.113.7 : jump NEW }'`,
    )
    expect(await chain(host, 'INPUT'), 'which is a lockout').toEqual(['-A INPUT -j DROP', ...OLD_INPUT])
    const native = await host.must('nft list table ip filter')
    expect(native).toContain('ip saddr @blocked drop\n')
    expect(native).toContain('ip daddr vmap { 203.0.113.7 : jump NEW }\n')
    expect(native).not.toMatch(/^\s+(counter packets 0 bytes 0 )?drop$/m)
    expect(await chain(host, 'NEW')).toEqual([])
  })

  it('keeps a chain, and nothing else, that a map jumps to', async () => {
    const host = await takenBack(
      { backend: 'nft', shell },
      'true',
      `nft add map ip filter ways '{ type ipv4_addr : verdict; elements = { 203.0.113.7 : jump NEW } }'`,
    )
    expect(await chain(host, 'INPUT')).toEqual(OLD_INPUT)
    expect(await host.must('iptables -S NEW')).toBe('-N NEW\n')
  })

  it('takes its other chains away, where somebody jumps to one of them', async () => {
    const host = await aHost()
    await persisted(host, OLD)
    const transaction = await applied(
      host,
      both(':NEW - [0:0]', ':NEWER - [0:0]', LOOPBACK, SSH, '-A INPUT -j NEW', '-A INPUT -j NEWER'),
    )
    await host.must('iptables -A FORWARD -j NEW')
    await over(host, session => askRollback(session, transaction.nonce))
    expect(stateFile(host, transaction)).toBe('ROLLED_BACK-asked')
    const live = await host.must('iptables -S')
    expect(live).toContain('-N NEW\n')
    expect(live).not.toContain('NEWER')
  })
})

/** More than a pipe holds, in two tables. */
const large = (target: string): Wanted => {
  const lines = (chain: string) =>
    Array.from(
      { length: 1500 },
      (_, at) => `-A ${chain} -p tcp -m tcp --dport ${1000 + at} -j ${target}\n`,
    ).join('')
  const text = `${HEAD}${lines('INPUT')}COMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n${lines('PREROUTING')}COMMIT\n`
  return { rules: { 4: text, 6: '' } }
}

/** Refuses the table that is piped into it first, and what comes from a file, by its first line. */
const REFUSES = `#!/bin/dash
[ -p /dev/stdin ] || exit 1
read -r first
[ -s /root/refused ] || echo "$first" >/root/refused
read -r refused </root/refused
[ "$first" != "$refused" ] || exit 1
{ echo "$first"; cat; } | /usr/sbin/iptables-restore "$@"
`

it.each(KINDS)(
  'a table that does not load keeps no other from coming back ($backend, $shell)',
  async kind => {
    const host = await aHost(kind)
    await persisted(host, large('ACCEPT'))
    const before = await rules(host)
    const transaction = await applied(host, large('DROP'))
    put(host, 'usr/local/sbin/iptables-restore', REFUSES)
    await host.must('chmod 755 /usr/local/sbin/iptables-restore')
    await kill(host, transaction, 'TERM')
    const isBack = async () => {
      const [filter, mangle] = await Promise.all(
        ['filter', 'mangle'].map(table => host.must(`iptables -t ${table} -S`)),
      )
      return !(filter?.includes('-j DROP') && mangle?.includes('-j DROP'))
    }
    await until(isBack, 'the old rules of the other table')
    await host.must('rm /usr/local/sbin/iptables-restore')
    await becomes(host, transaction, 'ROLLED_BACK-terminated')
    expect(await rules(host)).toBe(before)
  },
)
