import { type Answer, answer, any } from '../answer.ts'
import type { ConnectionState, Packet } from '../packet.ts'

const NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  gre: 47,
  esp: 50,
  'ipsec-esp': 50,
  ah: 51,
  'ipsec-ah': 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
}

function protocolNumber(name: string): number | undefined {
  return /^\d+$/.test(name) ? Number(name) : NUMBERS[name.toLowerCase()]
}

/** `-p`. */
export function isProtocol({ proto }: Packet, text: string): Answer {
  const wanted = protocolNumber(text)
  const actual = protocolNumber(proto)
  if (text === 'all' || wanted === 0) return 'yes'
  if (wanted === undefined || actual === undefined) return 'unknown'
  return answer(wanted === actual)
}

/** The packets of an open connection, resets aside: what a rule says of all of them is known. */
const OPEN = [['SYN', 'ACK'], ['ACK'], ['PSH', 'ACK'], ['FIN', 'ACK']]
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']

/** `--tcp-flags MASK COMPARED`. */
export function hasFlags({ tcpFlags, ctstate }: Packet, mask: string, compared: string): Answer {
  const possible = tcpFlags
    ? [tcpFlags]
    : ctstate === 'NEW'
      ? [['SYN']]
      : ctstate === 'ESTABLISHED'
        ? OPEN
        : []
  const wanted = flagsOf(compared)
  const results = possible.map(flags =>
    flagsOf(mask).every(flag => flags.includes(flag) === wanted.includes(flag)),
  )
  if (results.length === 0 || new Set(results).size > 1) return 'unknown'
  return answer(results[0])
}

function flagsOf(text: string): readonly string[] {
  if (text === 'ALL') return FLAGS
  return text === 'NONE' ? [] : text.split(',')
}

/** The names that people write; iptables-save prints numbers. */
const ICMP: Readonly<Record<string, number>> = {
  'echo-reply': 0,
  pong: 0,
  'destination-unreachable': 3,
  redirect: 5,
  'echo-request': 8,
  ping: 8,
  'time-exceeded': 11,
  'ttl-exceeded': 11,
  'parameter-problem': 12,
}
const ICMPV6: Readonly<Record<string, number>> = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'ttl-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  ping: 128,
  'echo-reply': 129,
  pong: 129,
  'router-solicitation': 133,
  'router-advertisement': 134,
  'neighbour-solicitation': 135,
  'neighbor-solicitation': 135,
  'neighbour-advertisement': 136,
  'neighbor-advertisement': 136,
  redirect: 137,
}

/** `--icmp-type`, `--icmpv6-type`: `any`, a type, or `type/code`. */
export function isIcmpType({ icmpType, icmpCode }: Packet, text: string, names: 'icmp' | 'icmpv6'): Answer {
  if (text === 'any' || text === '255') return 'yes'
  const [typeText = '', codeText] = text.split('/')
  const type = /^\d+$/.test(typeText) ? Number(typeText) : (names === 'icmp' ? ICMP : ICMPV6)[typeText]
  if (type === undefined || icmpType === undefined) return 'unknown'
  if (type !== icmpType) return 'no'
  return codeText === undefined
    ? 'yes'
    : answer(icmpCode === undefined ? undefined : Number(codeText) === icmpCode)
}

/** How many routers a packet may still pass. */
export function hasHops(
  { hopLimit }: Packet,
  text: string,
  holds: (hops: number, text: number) => boolean,
): Answer {
  if (!/^\d+$/.test(text)) return 'unknown'
  return answer(hopLimit === undefined ? undefined : holds(hopLimit, Number(text)))
}

/** `--ctstate`, `--state`. SNAT and DNAT are states of their own beside these, which a packet here doesn't tell. */
export function isState(ctstate: ConnectionState | undefined, text: string): Answer {
  return any(
    text.split(',').map(state => {
      if (state === 'SNAT' || state === 'DNAT') return 'unknown'
      return answer(ctstate === undefined ? undefined : state === ctstate)
    }),
  )
}
