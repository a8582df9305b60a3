import { describe, expect, it } from 'vitest'
import type { Packet } from '../../../src/evaluate/packet.ts'
import { evaluate } from '../../../src/evaluate/walk.ts'
import { parseSave } from '../../../src/ruleset/parse.ts'

const SYN: Packet = {
  family: 4,
  hook: 'input',
  proto: 'tcp',
  source: '192.0.2.7',
  destination: '198.51.100.1',
  sport: 40_000,
  dport: 22,
  inInterface: 'eth0',
  ctstate: 'NEW',
}
const SETS = new Map([
  ['bad', ['192.0.2.0/24', '10.0.0.0/8', '192.0.2.128/25']],
  ['none', []],
])

const BUILT_IN = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
}

/** Lines as `-A INPUT ...` or `table -A ...`; user chains are declared as they come up. */
function table(name: keyof typeof BUILT_IN, lines: readonly string[], family: 4 | 6) {
  const names = new Set(lines.filter(line => line.startsWith('-A ')).map(line => line.split(' ')[1] ?? ''))
  const declared = lines.filter(line => line.startsWith(':'))
  const missing = [...new Set([...BUILT_IN[name], ...names])].filter(
    chain => !declared.some(line => line.startsWith(`:${chain} `)),
  )
  const chains = missing.map(chain => `:${chain} ${BUILT_IN[name].includes(chain) ? 'ACCEPT' : '-'}`)
  const rules = lines.filter(line => line.startsWith('-A '))
  return parseSave(`*${name}\n${[...chains, ...declared, ...rules].join('\n')}\nCOMMIT\n`, family)
}

function ask(
  lines: readonly string[],
  packet: Partial<Packet> = {},
  others: Parameters<typeof table>[] = [],
) {
  const asked: Packet = { ...SYN, ...packet }
  const tables = [...others, ['filter', lines, asked.family] as Parameters<typeof table>].flatMap(args => [
    ...table(...args).tables,
  ])
  return evaluate({ family: asked.family, tables: new Map(tables) }, asked, { sets: SETS })
}
const verdict = (...args: Parameters<typeof ask>) => ask(...args).verdict
/** Whether a DROP with this match gets the packet. */
const hits = (match: string, packet: Partial<Packet> = {}) => {
  const result = verdict([`-A INPUT ${match} -j DROP`], packet)
  if (result === 'drop') return 'yes'
  return result === 'accept' ? 'no' : result
}

describe('a packet goes through the chains', () => {
  it('to the policy when nothing matches', () => {
    const { verdict, rules } = ask([':INPUT DROP', '-A INPUT -p udp -j ACCEPT'])
    expect(verdict).toBe('drop')
    expect(rules).toEqual([{ table: 'filter', chain: 'INPUT', text: ':INPUT DROP' }])
  })

  it('to the first rule that says what becomes of it', () => {
    const lines = [
      '-A INPUT -j LOG',
      '-A INPUT',
      '-A INPUT -p tcp -j REJECT --reject-with tcp-reset',
      '-A INPUT -j DROP',
    ]
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('reject')
    expect(rules.map(({ chain, text }) => `${chain} ${text}`)).toEqual([
      'INPUT -p tcp -j REJECT --reject-with tcp-reset',
    ])
  })

  it('into user chains and back', () => {
    const chain = ['-A MINE -p udp -j DROP', '-A MINE -p tcp -j RETURN', '-A MINE -j DROP']
    expect(verdict(['-A INPUT -j MINE', '-A INPUT -j ACCEPT', ...chain])).toBe('accept')
    expect(verdict(['-A INPUT -j MINE', '-A INPUT -j REJECT', '-A MINE -p udp -j ACCEPT'])).toBe('reject')
  })

  it('with goto back to where the caller was called from', () => {
    const lines = ['-A INPUT -j A', '-A INPUT -j ACCEPT', '-A A -g B', '-A A -j DROP', '-A B -p udp -j DROP']
    expect(verdict([':INPUT DROP', ...lines])).toBe('accept')
    expect(verdict([':INPUT DROP', '-A INPUT -g B', '-A INPUT -j ACCEPT', '-A B -p udp -j ACCEPT'])).toBe(
      'drop',
    )
  })

  it('with RETURN in a built-in chain to the policy', () => {
    expect(verdict([':INPUT DROP', '-A INPUT -p tcp -j RETURN', '-A INPUT -j ACCEPT'])).toBe('drop')
  })

  it('through every table, where ACCEPT only hands it on', () => {
    const raw = (line: string) => [['raw', [line], 4]] as Parameters<typeof table>[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, raw('-A PREROUTING -s 192.0.2.0/24 -j DROP'))).toBe('drop')
    expect(verdict(['-A INPUT -j DROP'], {}, raw('-A PREROUTING -j ACCEPT'))).toBe('drop')
    const mangle = [['mangle', [':INPUT DROP'], 4]] as Parameters<typeof table>[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, mangle)).toBe('drop')
  })

  it('forward and out by the chains of those ways', () => {
    const lines = [':INPUT DROP', ':OUTPUT DROP', '-A FORWARD -i eth0 -o eth1 -j REJECT']
    expect(verdict(lines, { hook: 'forward', outInterface: 'eth1' })).toBe('reject')
    expect(verdict(lines, { hook: 'forward', outInterface: 'eth2' })).toBe('accept')
    expect(verdict(lines, { hook: 'output', outInterface: 'eth1' })).toBe('drop')
  })
})

describe('a match', () => {
  it.each([
    ['-p tcp', 'yes'],
    ['! -p tcp', 'no'],
    ['-p 6', 'yes'],
    ['-p udp', 'no'],
    ['-s 192.0.2.0/24', 'yes'],
    ['-s 192.0.2.0/255.255.255.248', 'yes'],
    ['-s 192.0.2.8/32', 'no'],
    ['! -s 192.0.2.8/32', 'yes'],
    ['-s 203.0.113.1,192.0.2.7', 'yes'],
    ['-s gateway.example', 'unknown'],
    ['-d 198.51.100.1/32', 'yes'],
    ['-i eth0', 'yes'],
    ['-i eth+', 'yes'],
    ['-i +', 'yes'],
    ['! -i eth+', 'no'],
    ['-i eth', 'no'],
    ['-p tcp -m tcp --dport 22', 'yes'],
    ['-p tcp --dport 22', 'yes'],
    ['-p tcp -m tcp --dport 20:22', 'yes'],
    ['-p tcp -m tcp --dport 23:', 'no'],
    ['-p tcp -m tcp ! --dport 22', 'no'],
    ['-p tcp -m tcp --dport ssh', 'unknown'],
    ['-p tcp -m tcp --sport 1024:65535 --dport 22', 'yes'],
    ['-p udp -m udp --dport 22', 'no'],
    ['-p tcp -m multiport --dports 21,20:22', 'yes'],
    ['-p tcp -m multiport ! --dports 21,23', 'yes'],
    ['-p tcp -m multiport --ports 40000', 'yes'],
    ['-p tcp -m multiport --sports 22', 'no'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'yes'],
    ['-p tcp -m tcp ! --syn', 'no'],
    ['-p tcp -m tcp --tcp-flags ALL NONE', 'no'],
    ['-m conntrack --ctstate NEW', 'yes'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'no'],
    ['-m conntrack ! --ctstate INVALID', 'yes'],
    ['-m conntrack --ctstate DNAT', 'unknown'],
    ['-m state --state NEW,INVALID', 'yes'],
    ['-m comment --comment "-p udp -j ACCEPT"', 'yes'],
    ['-m limit --limit 5/sec --limit-burst 3', 'conditional'],
    ['-m hashlimit --hashlimit-above 5/min --hashlimit-mode srcip --hashlimit-name ssh', 'conditional'],
    ['-m recent --set --name ssh --mask 255.255.255.255 --rsource', 'yes'],
    ['-m recent --update --seconds 60 --hitcount 4 --name ssh --rsource', 'conditional'],
    ['-m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr', 'conditional'],
    ['-p udp -m limit --limit 5/sec', 'no'],
    ['-m set --match-set bad src', 'yes'],
    ['-m set ! --match-set bad src', 'no'],
    ['-m set --match-set bad dst', 'no'],
    ['-m set --match-set none src', 'no'],
    ['-m set --match-set missing src', 'unknown'],
    ['-m set --match-set bad src,dst', 'unknown'],
    ['-m iprange --src-range 192.0.2.5-192.0.2.9', 'yes'],
    ['-m iprange ! --dst-range 198.51.100.0-198.51.100.255', 'no'],
    ['-m addrtype --dst-type LOCAL', 'yes'],
    ['-m addrtype ! --dst-type LOCAL', 'no'],
    ['-m addrtype --src-type LOCAL', 'no'],
    ['-m addrtype --dst-type LOCAL --limit-iface-in', 'unknown'],
    ['-m addrtype --dst-type MULTICAST,BROADCAST', 'no'],
    ['-m pkttype --pkt-type unicast', 'yes'],
    ['-m pkttype --pkt-type broadcast', 'no'],
    ['-m mark --mark 0x1', 'unknown'],
    ['-m time --timestart 09:00', 'unknown'],
    ['-p udp -m mark --mark 0x1', 'no'],
    ['-f', 'no'],
  ])('%s: %s', (match, result) => expect(hits(match)).toBe(result))

  it.each([
    ['-p icmp -m icmp --icmp-type 8', 8, 'yes'],
    ['-p icmp -m icmp --icmp-type echo-request', 8, 'yes'],
    ['-p icmp -m icmp --icmp-type any', 3, 'yes'],
    ['-p icmp -m icmp ! --icmp-type 8', 8, 'no'],
    ['-p icmp -m icmp --icmp-type 3/4', 3, 'unknown'],
    ['-p icmp -m icmp --icmp-type 3/4', 8, 'no'],
  ])('%s of type %i: %s', (match, icmpType, result) =>
    expect(hits(match, { proto: 'icmp', icmpType })).toBe(result),
  )

  it.each([
    ['-p tcp -m tcp --tcp-flags SYN,FIN SYN,FIN', 'no'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'no'],
    ['-p tcp -m tcp --tcp-flags ACK ACK', 'yes'],
    ['-p tcp -m tcp --tcp-flags SYN SYN', 'unknown'],
  ])('of an open connection %s: %s', (match, result) =>
    expect(hits(match, { ctstate: 'ESTABLISHED' })).toBe(result),
  )

  it('reads IPv6 as well', () => {
    const packet = {
      family: 6,
      source: '2001:db8::7',
      destination: 'fe80::1',
      proto: 'ipv6-icmp',
      icmpType: 135,
    } as const
    expect(hits('-s 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 135', packet)).toBe('yes')
    expect(hits('-p icmpv6 -m icmp6 --icmpv6-type neighbour-solicitation', packet)).toBe('yes')
    expect(hits('-d ff00::/8', packet)).toBe('no')
  })

  it('sees only the interface that the kernel has there', () => {
    const lines = [':OUTPUT DROP', '-A OUTPUT -j MINE', '-A MINE ! -i lo -j ACCEPT']
    expect(verdict(lines, { hook: 'output', outInterface: 'eth0' })).toBe('accept')
  })
})

describe('what is not known', () => {
  it('does not matter when both ways end the same', () => {
    expect(verdict(['-A INPUT -m mark --mark 1 -j ACCEPT', '-A INPUT -j ACCEPT'])).toBe('accept')
    expect(verdict([':INPUT DROP', '-A INPUT -m limit --limit 1/s -j DROP'])).toBe('drop')
    expect(verdict(['-A INPUT -m limit --limit 1/s -j LOG', '-A INPUT -j ACCEPT'])).toBe('accept')
  })

  it('is unknown when they differ, with the rule named', () => {
    const { inInterface: _, ...unsaid } = SYN
    const ruleset = parseSave('*filter\n:INPUT DROP\n-A INPUT -i eth1 -j ACCEPT\nCOMMIT\n', 4)
    const { verdict, rules } = evaluate(ruleset, unsaid, { sets: SETS })
    expect(verdict).toBe('unknown')
    expect(rules.map(({ text }) => text)).toEqual(['-i eth1 -j ACCEPT', ':INPUT DROP'])
  })

  it('is conditional when only a rate decides', () => {
    const lines = ['-A INPUT -m recent --update --seconds 60 --hitcount 4 -j DROP', '-A INPUT -j ACCEPT']
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('conditional')
    expect(rules[0]?.text).toContain('recent')
  })

  it('stays unknown when a rate comes on top', () => {
    const doubts = ['-A INPUT -m mark --mark 1 -j DROP', '-A INPUT -m limit --limit 1/s -j DROP']
    expect(verdict(doubts)).toBe('unknown')
    expect(verdict(doubts.toReversed())).toBe('unknown')
  })

  it('is closed when a rate only decides how', () => {
    expect(verdict([':INPUT DROP', '-A INPUT -m limit --limit 1/s -j REJECT'])).toBe('drop')
  })

  it('is conditional when the worst that can happen is the rate', () => {
    const limited = '-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT'
    expect(verdict([':INPUT DROP', '-A INPUT -m mark --mark 1 -j ACCEPT', limited])).toBe('conditional')
    expect(verdict([':INPUT DROP', '-A INPUT -m mark --mark 1 -j DROP', limited])).toBe('unknown')
  })

  it('weakens all that follows a doubtful RETURN', () => {
    const lines = [
      '-A INPUT -j MINE',
      '-A INPUT -j DROP',
      '-A MINE -m limit --limit 1/s -j RETURN',
      '-A MINE -j ACCEPT',
    ]
    const { verdict, rules } = ask(lines)
    expect(verdict).toBe('conditional')
    expect(rules[0]?.text).toContain('RETURN')
  })

  it('includes a target that is not modelled, a missing chain and a loop', () => {
    expect(verdict(['-A INPUT -j NFQUEUE --queue-num 1'])).toBe('unknown')
    expect(verdict(['-A INPUT -j DOCKER-USER'])).toBe('unknown')
    expect(verdict(['-A INPUT -j A', '-A A -j B', '-A B -j A'])).toBe('unknown')
    expect(verdict(['-A INPUT -p udp -j NFQUEUE'])).toBe('accept')
  })

  it('includes where a rewritten packet goes', () => {
    const nat = [
      ['nat', ['-A PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 2222'], 4],
    ] as Parameters<typeof table>[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, nat)).toBe('unknown')
    expect(verdict(['-A INPUT -j ACCEPT'], { dport: 80 }, nat)).toBe('accept')
    expect(verdict(['-A INPUT -j ACCEPT'], { ctstate: 'ESTABLISHED' }, nat)).toBe('accept')
  })

  it('includes the state of an untracked packet', () => {
    const raw = [['raw', ['-A PREROUTING -p tcp -j CT --notrack'], 4]] as Parameters<typeof table>[]
    const lines = [':INPUT DROP', '-A INPUT -m conntrack --ctstate NEW -j ACCEPT']
    expect(verdict(lines)).toBe('accept')
    expect(verdict(lines, {}, raw)).toBe('unknown')
  })

  it('counts as INVALID in raw, where nothing is tracked yet', () => {
    const raw = [['raw', ['-A PREROUTING -m conntrack --ctstate NEW -j DROP'], 4]] as Parameters<
      typeof table
    >[]
    expect(verdict(['-A INPUT -j ACCEPT'], {}, raw)).toBe('accept')
  })
})
