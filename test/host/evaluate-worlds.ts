import * as fc from 'fast-check'
import type { Packet } from '../../src/evaluate/packet.ts'
import type { Family } from '../../src/model/family.ts'
import { HOST_OF, SUBNET } from './evaluate-kernel.ts'

/** A ruleset for one way, as a payload, and packets that go this way. */
export interface World {
  readonly payload: string
  readonly packets: readonly Packet[]
}

export const SETS = new Map([
  ['bad4', ['10.77.0.2/31']],
  ['bad6', ['fd77:0:0:1::2/127']],
])

/** All but mangle POSTROUTING: nothing that counts comes after it. */
const STAGES = {
  input: ['raw PREROUTING', 'mangle PREROUTING', 'mangle INPUT', 'filter INPUT'],
  forward: ['raw PREROUTING', 'mangle PREROUTING', 'mangle FORWARD', 'filter FORWARD'],
  output: ['raw OUTPUT', 'mangle OUTPUT', 'filter OUTPUT'],
} as const

const PORTS = [22, 80, 443, 1024, 5353]

const matchOf = (family: Family) => {
  const [left, right] = SUBNET[family]
  const bits = family === 4 ? { all: 24, few: 31 } : { all: 64, few: 127 }
  return fc.constantFrom(
    '',
    '-p tcp',
    '-p udp',
    '! -p udp',
    `-s ${left}2`,
    `! -s ${left}3`,
    `-s ${left}4/${bits.few}`,
    `-d ${right}0/${bits.all}`,
    `! -d ${left}0/${bits.all}`,
    `-s ${right}5 -d ${left}1`,
    '-p tcp -m tcp --dport 22',
    '-p tcp -m tcp ! --dport 80:443',
    '-p udp -m udp --dport 443:1024',
    '-p udp -m udp --sport 20000:20007',
    '-p tcp -m tcp --sport 1:30000 --dport 80',
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp ! --tcp-flags SYN,FIN SYN',
    '-p tcp -m multiport --dports 22,80:100',
    '-p udp -m multiport ! --dports 53,443,5353',
    '-p udp -m multiport --ports 22,20001',
    '-m conntrack --ctstate NEW',
    '-m conntrack --ctstate RELATED,ESTABLISHED',
    '-m conntrack ! --ctstate INVALID',
    '-m conntrack --ctstate INVALID',
    '-p tcp -m state --state NEW',
    `-m iprange --src-range ${left}3-${left}4`,
    `-m iprange ! --dst-range ${right}2-${right}9`,
    `-m set --match-set bad${family} src`,
    `-m set ! --match-set bad${family} dst`,
    '-m comment --comment "-j ACCEPT"',
    '-m limit --limit 1/sec',
  )
}

/** In a user chain both interfaces may be asked for, whatever the way; what isn't there matches nothing. */
const interfaces = fc.constantFrom(
  '',
  '',
  '-i lan0',
  '! -i lan1',
  '-i lan+',
  '-o lan1',
  '! -o lan0',
  '-o lan+',
)
const addressTypes = fc.constantFrom(
  '',
  '',
  '',
  '-m addrtype --dst-type LOCAL',
  '-m addrtype ! --src-type LOCAL',
)
const USER = ['A', 'B', 'C']

const targets = (table: string, later: readonly string[]) => [
  ...(table === 'filter' ? ['-j REJECT', '-j REJECT'] : []),
  '-j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-j LOG',
  '',
  ...later.flatMap(chain => [`-j ${chain}`, `-g ${chain}`]),
]

function chainOf(family: Family, table: string, name: string, later: readonly string[]) {
  const isUser = USER.includes(name)
  const rule = fc
    .tuple(
      isUser ? interfaces : fc.constant(''),
      matchOf(family),
      addressTypes,
      fc.constantFrom(...targets(table, later)),
    )
    .map(([through, match, type, target]) => {
      // A rate would leave the verdict open: it may only count or log.
      const end = match.includes('limit') && target !== '' ? '-j LOG' : target
      const words = [through, match, type, isProtocolBound(end, match) ? end : '-j DROP']
      return `-A ${name} ${words.filter(Boolean).join(' ')}`
    })
  return fc.array(rule, { maxLength: isUser ? 4 : 6 })
}

/** Noise on the line (multicast reports) must not count as rejected. */
const isProtocolBound = (target: string, match: string) =>
  target !== '-j REJECT' || /^-p (tcp|udp)/.test(match)

function tableOf(family: Family, table: string, builtIn: readonly string[]) {
  const chains = [...builtIn, ...USER]
  return fc
    .tuple(
      fc.constantFrom('ACCEPT', 'ACCEPT', 'DROP'),
      ...chains.map(name => chainOf(family, table, name, USER.slice(USER.indexOf(name) + 1))),
    )
    .map(([policy, ...rules]) => {
      const declared = chains.map(name => `:${name} ${USER.includes(name) ? '-' : policy} [0:0]`)
      // Few random ways lead to a REJECT: what comes this far meets one.
      const last = table === 'filter' ? [`-A ${builtIn[0]} -p tcp -m tcp --dport 1:1023 -j REJECT`] : []
      return `*${table}\n${[...declared, ...rules.flat(), ...last].join('\n')}\nCOMMIT\n`
    })
}

function packetOf(family: Family, hook: Packet['hook']): fc.Arbitrary<Packet> {
  return fc
    .record({
      proto: fc.constantFrom('tcp', 'udp'),
      side: fc.constantFrom<0 | 1>(0, 1),
      from: fc.constantFrom(2, 3, 4, 5),
      to: fc.constantFrom(2, 3, 4, 5),
      dport: fc.constantFrom(...PORTS),
      known: fc.boolean(),
    })
    .map(({ proto, side, from, to, dport, known }) => {
      const [near, far] = [SUBNET[family][side], SUBNET[family][side === 0 ? 1 : 0]]
      const common = {
        family,
        hook,
        proto,
        dport,
        ctstate: proto === 'udp' && known ? 'ESTABLISHED' : 'NEW',
      } as const
      if (hook === 'output') {
        return {
          ...common,
          source: HOST_OF(family, side),
          destination: `${near}${to}`,
          outInterface: `lan${side}`,
        }
      }
      const arrival = { ...common, source: `${near}${from}`, inInterface: `lan${side}` }
      if (hook === 'input') return { ...arrival, destination: HOST_OF(family, side) }
      return { ...arrival, destination: `${far}${to}`, outInterface: `lan${side === 0 ? 1 : 0}` }
    })
}

/** Ports of their own, or a packet would belong to the flow of an earlier one. */
let flows = 0
const withPorts = (packets: readonly Packet[]) =>
  packets.map(packet => ({ ...packet, sport: 20_000 + (flows++ % 30_000) }))

export function worldsOf(family: Family): fc.Arbitrary<World> {
  return fc.constantFrom<Packet['hook']>('input', 'input', 'forward', 'output').chain(hook => {
    const stages = STAGES[hook].map(stage => stage.split(' '))
    const tables = [...new Set(stages.map(([table = '']) => table))]
    const ruleset = tables.map(table =>
      tableOf(
        family,
        table,
        stages.filter(([of]) => of === table).map(([, chain = '']) => chain),
      ),
    )
    return fc
      .tuple(fc.tuple(...ruleset), fc.array(packetOf(family, hook), { minLength: 12, maxLength: 12 }))
      .map(([tables, packets]) => ({ payload: tables.join(''), packets: withPorts(packets) }))
  })
}
