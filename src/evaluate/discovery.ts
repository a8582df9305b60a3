import type { Packet } from './packet.ts'

/** What IPv6 has in the place of ARP, by its types of ICMPv6. Without the first two no address of a link can be reached. */
export const SOLICITATION = 135
export const ADVERTISEMENT = 136
export const ROUTER_ADVERTISEMENT = 134

/** Connection tracking never tracks it, and what came through a router doesn't count: RFC 4861 asks for 255 hops left. */
export const discovery = (hook: 'input' | 'output', icmpType: number): Packet => ({
  family: 6,
  hook,
  proto: 'ipv6-icmp',
  icmpType,
  icmpCode: 0,
  hopLimit: 255,
  ctstate: 'UNTRACKED',
})
