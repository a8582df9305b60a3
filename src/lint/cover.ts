import { contains } from '../address/aggregate.ts'
import type { Clause, Condition } from '../evaluate/clause.ts'

/** What rules ask of the packet alone. Any other condition may fail at any time, so a rule with one covers nothing. */
const STATELESS = new Set(
  '-p -s -d -i -o -f --sport --dport --sports --dports --syn --tcp-flags --icmp-type --icmpv6-type'
    .concat(' --ctstate --state --match-set --src-range --dst-range --src-type --dst-type --pkt-type')
    .split(' '),
)
/** Matches that ask nothing by being loaded. */
const SILENT = new Set(
  [
    'tcp',
    'udp',
    'sctp',
    'icmp',
    'icmp6',
    'icmpv6',
    'multiport',
    'conntrack',
    'state',
    'comment',
    'set',
  ].concat('iprange addrtype pkttype'.split(' ')),
)

/** What a rule really asks: without comments and the mere loading of matches. */
export function demands(clause: Clause): readonly Condition[] {
  return clause.conditions.filter(
    ({ module, option }) => option !== '--comment' && !(option === '' && SILENT.has(module)),
  )
}

/** Whether a rule matches every packet that asks what it asks: no rate, no time, nothing unknown. */
export const isCertain = (clause: Clause) => demands(clause).every(({ option }) => STATELESS.has(option))

/** Every packet that `narrow` matches is matched by `broad`. Undecided means no. */
export function covers(broad: Clause, narrow: Clause): boolean {
  const asked = demands(narrow)
  return isCertain(broad) && demands(broad).every(one => asked.some(other => implies(other, one)))
}

function implies(narrow: Condition, broad: Condition): boolean {
  if (narrow.negated !== broad.negated) return false
  if (narrow.option === broad.option && narrow.args.join(' ') === broad.args.join(' ')) return true
  if (narrow.negated) return false
  const [wide = '', thin = ''] = [broad.args[0], narrow.args[0]]
  const kind = KIND[broad.option]
  if (kind === undefined || KIND[narrow.option] !== kind) return false
  if (kind === 'words') return thin.split(',').every(word => wide.split(',').includes(word))
  if (side(narrow) !== side(broad)) return false
  return kind === 'address' ? isInside(wide, thin) : hasPorts(wide, thin)
}

const KIND: Readonly<Record<string, 'address' | 'ports' | 'words'>> = {
  '-s': 'address',
  '-d': 'address',
  '--sport': 'ports',
  '--sports': 'ports',
  '--dport': 'ports',
  '--dports': 'ports',
  '--ctstate': 'words',
  '--state': 'words',
}

const side = ({ option }: Condition) => option.slice(0, 3)

function isInside(wide: string, thin: string): boolean {
  try {
    return thin.split(',').every(one => wide.split(',').some(outer => contains(outer, one)))
  } catch {
    // A host name: what it covers isn't known here.
    return false
  }
}

function hasPorts(wide: string, thin: string): boolean {
  const within = ([low, high]: Span, [from, to]: Span) => from <= low && high <= to
  return spans(thin).every(one => spans(wide).some(other => within(one, other)))
}

type Span = readonly [from: number, to: number]

function spans(text: string): Span[] {
  return text.split(',').map(one => {
    const [from = '', to = from] = one.split(':')
    return [from === '' ? 0 : Number(from), to === '' ? 65535 : Number(to)]
  })
}
