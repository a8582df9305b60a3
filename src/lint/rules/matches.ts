import type { Clause } from '../../evaluate/clause.ts'
import { FAMILIES } from '../../model/family.ts'
import type { Finding } from '../../model/finding.ts'
import { type Line, linesOf, type Subject, warn } from '../subject.ts'

/** `state-match`: `-m state` is only a name for conntrack that newer kernels may lack. */
export function findStateMatches(subject: Subject): Finding[] {
  return lines(subject)
    .filter(({ clause }) => has(clause, '--state'))
    .map(line => warn('state-match', line))
}

const INCOMING = new Set(['INPUT', 'FORWARD', 'PREROUTING'])

/** `source-port-trusted`: the sender chooses its own port, so it opens every port of this host to everybody. */
export function findTrustedPorts(subject: Subject): Finding[] {
  return lines(subject)
    .filter(
      ({ chain, clause }) => INCOMING.has(chain.name) && clause.target === 'ACCEPT' && trustsPort(clause),
    )
    .map(line => warn('source-port-trusted', line))
}

const lines = ({ rulesets }: Subject): Line[] => FAMILIES.flatMap(family => linesOf(rulesets[family]).flat())

const has = (clause: Clause, ...options: readonly string[]) =>
  clause.conditions.some(({ option }) => options.includes(option))

function trustsPort(clause: Clause): boolean {
  const states = clause.conditions.filter(({ option }) => option === '--ctstate' || option === '--state')
  const isNew = states.every(({ negated, args }) => negated !== (args[0] ?? '').split(',').includes('NEW'))
  return (
    has(clause, '--sport', '--sports') && !has(clause, '--dport', '--dports', '-s', '--match-set') && isNew
  )
}
