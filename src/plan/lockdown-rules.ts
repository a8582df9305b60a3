import { aggregate } from '../address/aggregate.ts'
import { parseNetworks } from '../address/network.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import { type Entry, setOf } from '../roles/sources.ts'
import type { Chain, IpSet, Rule, Ruleset, Table } from '../ruleset/ruleset.ts'
import { both } from './compare.ts'

/** Who may come in while a host is locked down: fleet itself, as the host sees it, and whoever manages it. */
export interface Door {
  /** An address; '' where the host doesn't say. */
  readonly client: string
  /** That sshd listens on. */
  readonly port: number
  /** Addresses, CIDRs and ranges. */
  readonly management: readonly string[]
}

/** A network that is wider says no more than "from anywhere". */
const SHORTEST = { 4: 7, 6: 15 } as const

/** What may come in of what a host's row names as its management, and what is too wide to be that. */
export function managersOf(management: readonly string[]): {
  readonly managers: readonly string[]
  readonly tooWide: readonly string[]
} {
  const all = management.map(text => ({ text, ...parseNetworks(text) }))
  const isWide = ({ family, cidrs }: (typeof all)[number]) =>
    cidrs.some(cidr => Number(cidr.split('/')[1]) < SHORTEST[family])
  return {
    managers: all.filter(one => !isWide(one)).map(({ text }) => text),
    tooWide: all.filter(isWide).map(({ text }) => text),
  }
}

export interface LockdownRules {
  readonly rulesets: PerFamily<Ruleset>
  readonly sets: readonly IpSet[]
}

/** In each rule, so that none is ever taken for one of somebody else's, nor theirs for one of these. */
export const LOCKDOWN_MARK = '-m comment --comment "fleet lockdown"'

/**
 * What a locked down host lets in and out. The raw table decides: no rule of anybody's stands before it, neither for
 * what Docker publishes or the host forwards nor for flows that are open. It knows no state, so each way is said. Filter
 * says the same once more.
 */
export function lockdownRules({ client, port, management }: Door): LockdownRules {
  const cidrs = aggregate([...management, ...(client === '' ? [] : [client])])
  const sides = both(family => sidesOf(family, cidrs))
  const sets = FAMILIES.flatMap(family => sides[family].set ?? [])
  return { rulesets: both(family => rulesetOf(family, sides[family], port)), sets }
}

interface Sides {
  readonly set?: IpSet
  readonly from: readonly string[]
  readonly to: readonly string[]
}

function sidesOf(family: Family, cidrs: readonly string[]): Sides {
  const own = cidrs.filter(cidr => cidr.includes(':') === (family === 6))
  const set = setOf(own.map((word): Entry => ({ family, word, range: false })))
  if (!set) return { from: own.map(cidr => `-s ${cidr} `), to: own.map(cidr => `-d ${cidr} `) }
  const match = (side: string) => [`-m set --match-set ${set.name} ${side} `]
  return { set, from: match('src'), to: match('dst') }
}

function rulesetOf(family: Family, { from, to }: Sides, port: number): Ruleset {
  const enters = [
    '-i lo ',
    ...from.map(side => `${side}-p tcp -m tcp --dport ${port} `),
    ...(family === 4 ? NEEDS_IN : NEEDS_IN_6),
  ]
  // An answer is never a SYN: what the host begins itself doesn't pass for one.
  const answer = `-p tcp -m tcp --sport ${port} ! --tcp-flags FIN,SYN,RST,ACK SYN `
  const leaves = [
    '-o lo ',
    ...to.map(side => `${side}${answer}`),
    ...(family === 4 ? NEEDS_OUT : NEEDS_OUT_6),
  ]
  return {
    family,
    tables: new Map([
      ['raw', tableOf([sealed('PREROUTING', enters), sealed('OUTPUT', leaves)])],
      ['filter', tableOf([closed('INPUT', enters), closed('FORWARD', []), closed('OUTPUT', leaves)])],
    ]),
  }
}

/** An address from DHCP, and word from routers that a packet to the controller was too long. */
const NEEDS_IN = ['-p udp -m udp --sport 67 --dport 68 ', '-p icmp -m icmp --icmp-type 3/4 ']
/** To nobody but the network's own: a lease that can't be renewed at its server is asked for by broadcast. */
const NEEDS_OUT = ['-d 255.255.255.255/32 -p udp -m udp --sport 68 --dport 67 ']

/** Neighbour discovery comes from the same link alone. */
const neighbour = (type: number) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type} -m hl --hl-eq 255 `
const listener = (type: number) => `-d ff02::/16 -p ipv6-icmp -m icmp6 --icmpv6-type ${type} `

const NEEDS_IN_6 = [
  ...[134, 135, 136].map(neighbour),
  '-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 130 ',
  '-p ipv6-icmp -m icmp6 --icmpv6-type 2 ',
  '-s fe80::/10 -d fe80::/10 -p udp -m udp --dport 546 ',
]
const NEEDS_OUT_6 = [
  ...[133, 135, 136].map(neighbour),
  ...[131, 132, 143].map(listener),
  '-s fe80::/10 -d ff02::1:2/128 -p udp -m udp --dport 547 ',
]

const tableOf = (chains: readonly Chain[]): Table => new Map(chains.map(chain => [chain.name, chain]))

const rule = (match: string, target: string): Rule => ({
  text: `${match}${LOCKDOWN_MARK} -j ${target}`,
  role: 'lockdown',
})

const sealed = (name: string, accepted: readonly string[]): Chain => ({
  name,
  policy: null,
  rules: [...accepted.map(match => rule(match, 'ACCEPT')), rule('', 'DROP')],
})

const closed = (name: string, accepted: readonly string[]): Chain => ({
  name,
  policy: 'DROP',
  rules: accepted.map(match => rule(match, 'ACCEPT')),
})
