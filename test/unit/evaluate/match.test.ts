import { describe, expect, it } from 'vitest'
import type { Packet } from '../../../src/evaluate/packet.ts'
import { verdict } from './ask.ts'

/** Whether a DROP with this match gets the packet. */
const hits = (match: string, packet: Partial<Packet> = {}) => {
  const result = verdict([`-A INPUT ${match} -j DROP`], packet)
  if (result === 'drop') return 'yes'
  return result === 'accept' ? 'no' : result
}

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
    ['-m hl --hl-eq 255', 'yes'],
    ['-m hl ! --hl-eq 255', 'no'],
    ['-m hl --hl-lt 255', 'no'],
    ['-m ttl --ttl-lt 255', 'no'],
    ['-m ttl --ttl-gt 254', 'yes'],
    ['-m ttl --ttl-gt 255', 'no'],
    ['-m hl --hl-eq many', 'unknown'],
  ])('with 255 hops left %s: %s', (match, result) => expect(hits(match, { hopLimit: 255 })).toBe(result))

  it('asks for hops that nobody knows', () => expect(hits('-m hl --hl-eq 255')).toBe('unknown'))

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
