import { type Answer, all, answer, not } from '../answer.ts'
import type { Clause, Condition } from '../clause.ts'
import type { Sight } from '../packet.ts'
import { isInSet, isOfType, isWithin } from './addresses.ts'
import { isPort } from './ports.ts'
import { hasFlags, hasHops, isIcmpType, isProtocol, isState } from './protocols.ts'

type Match = (condition: Condition, sight: Sight) => Answer

/** Whether all that a rule asks holds for the packet. */
export function matches(clause: Clause, sight: Sight): Answer {
  const answers: Answer[] = []
  for (const condition of clause.conditions) {
    const one = ask(condition, sight)
    // Most rules don't match by their first word: the rest isn't worth reading.
    if (one === 'no') return 'no'
    answers.push(one)
  }
  return all(answers)
}

function ask(condition: Condition, sight: Sight): Answer {
  const match = BY_OPTION[condition.option] ?? BY_MODULE[condition.module]
  if (!match) return 'unknown'
  const result = match(condition, sight)
  return condition.negated ? not(result) : result
}

const first = ({ args }: Condition) => args[0] ?? ''

/** `-m hl` of IPv6, `-m ttl` of IPv4. */
function byHops(name: string): Readonly<Record<string, Match>> {
  const compare =
    (holds: (hops: number, text: number) => boolean): Match =>
    (one, { packet }) =>
      hasHops(packet, first(one), holds)
  return {
    [`--${name}-eq`]: compare((hops, text) => hops === text),
    [`--${name}-lt`]: compare((hops, text) => hops < text),
    [`--${name}-gt`]: compare((hops, text) => hops > text),
  }
}

const BY_OPTION: Readonly<Record<string, Match | undefined>> = {
  '-p': (one, { packet }) => isProtocol(packet, first(one)),
  '-s': (one, { packet }) => isWithin(packet.source, first(one)),
  '-d': (one, { packet }) => isWithin(packet.destination, first(one)),
  '-i': (one, { inInterface }) => isInterface(inInterface, first(one)),
  '-o': (one, { outInterface }) => isInterface(outInterface, first(one)),
  '-f': () => 'no',
  '--sport': (one, { packet }) => isPort(packet.sport, first(one)),
  '--dport': (one, { packet }) => isPort(packet.dport, first(one)),
  '--sports': (one, { packet }) => isPort(packet.sport, first(one)),
  '--dports': (one, { packet }) => isPort(packet.dport, first(one)),
  '--ports': (one, { packet }) => eitherPort(first(one), packet.sport, packet.dport),
  '--syn': (_, { packet }) => hasFlags(packet, 'FIN,SYN,RST,ACK', 'SYN'),
  '--tcp-flags': ({ args: [mask = '', compared = ''] }, { packet }) => hasFlags(packet, mask, compared),
  '--icmp-type': (one, { packet }) => isIcmpType(packet, first(one), 'icmp'),
  '--icmpv6-type': (one, { packet }) => isIcmpType(packet, first(one), 'icmpv6'),
  ...byHops('hl'),
  ...byHops('ttl'),
  '--ctstate': (one, { ctstate }) => isState(ctstate, first(one)),
  '--state': (one, { ctstate }) => isState(ctstate, first(one)),
  '--comment': () => 'yes',
  '--match-set': isInSet,
  '--src-range': (one, { packet }) => isWithin(packet.source, first(one)),
  '--dst-range': (one, { packet }) => isWithin(packet.destination, first(one)),
  '--src-type': (one, sight) => isOfType(sight.packet.source, first(one), 'src', sight),
  '--dst-type': (one, sight) => isOfType(sight.packet.destination, first(one), 'dst', sight),
  '--pkt-type': (one, sight) => isPacketType(first(one), sight),
}

/** The mere loading of a match asks nothing; a rate asks what came before. `recent` is asked by its options. */
const loaded: Match = ({ option }) => (option === '' ? 'yes' : 'unknown')
const BY_MODULE: Readonly<Record<string, Match | undefined>> = {
  ...Object.fromEntries(
    ['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'icmp', 'icmp6', 'icmpv6', 'multiport', 'conntrack', 'state']
      .concat(['comment', 'set', 'addrtype', 'iprange', 'pkttype', 'hl', 'ttl'])
      .map(name => [name, loaded]),
  ),
  limit: () => 'maybe',
  hashlimit: () => 'maybe',
  connlimit: () => 'maybe',
  recent: ({ option }) => (['--rcheck', '--update', '--remove'].includes(option) ? 'maybe' : 'yes'),
}

function isInterface(name: string | undefined, text: string): Answer {
  if (text === '+') return 'yes'
  if (name === undefined) return 'unknown'
  return answer(text.endsWith('+') ? name.startsWith(text.slice(0, -1)) : name === text)
}

function eitherPort(text: string, ...ports: readonly (number | undefined)[]): Answer {
  const answers = ports.map(port => isPort(port, text))
  if (answers.includes('yes')) return 'yes'
  return answers.includes('unknown') ? 'unknown' : 'no'
}

/** What the link layer says. Only TCP and IPv6 never come by broadcast; what a host sends itself is not told. */
function isPacketType(type: string, { packet, inInterface }: Sight): Answer {
  const { hook, destination, family, proto } = packet
  if (hook !== 'input' || destination === undefined || inInterface === undefined || inInterface === 'lo') {
    return 'unknown'
  }
  const multicast = isWithin(destination, family === 4 ? '224.0.0.0/4' : 'ff00::/8')
  if (type === 'multicast') return multicast
  if (multicast === 'yes') return 'no'
  if (type === 'unicast') return family === 6 || proto === 'tcp' ? 'yes' : 'unknown'
  return family === 6 || proto === 'tcp' ? 'no' : 'unknown'
}
