import type { Refused } from '../host/block-answer.ts'
import type { Finding } from '../model/finding.ts'
import type { Entry } from './entry.ts'
import type { BlockOutcome } from './event.ts'
import { cidrsOf } from './span.ts'

type Outcome = Pick<BlockOutcome, 'host' | 'answer' | 'finding'>

/** What must not stay in the ledger as it was said. */
export interface Rejected {
  readonly entry: Entry
  /** Blocked by all others; where nothing is said it is rejected for all. */
  readonly except?: readonly string[]
}

/**
 * Entries that hosts have rejected: they see somebody come from there, or all that answered leave them out. In the ledger
 * the next who comes, from another address, would have them blocked after all. Unless most say so they are believed for
 * themselves: whoever sits on one host, of two as well, could have the others let him in.
 */
export function rejectedBy(outcomes: readonly Outcome[], added: readonly Entry[]): readonly Rejected[] {
  const told = outcomes.flatMap(one => toldBy(one).map(refused => ({ host: one.host, refused })))
  if (told.every(({ refused }) => refused.length === 0)) return []
  const times = new Map<string, number>()
  for (const { refused } of told)
    for (const address of new Set(refused.map(one => one.address)))
      times.set(address, (times.get(address) ?? 0) + 1)
  return added.flatMap((entry): Rejected[] => {
    const cidrs = cidrsOf(entry.address)
    if (cidrs.every(one => times.get(one) === told.length)) return [{ entry }]
    const isFrom = ({ address, what }: Refused) => what === 'client' && cidrs.includes(address)
    const except = told.flatMap(({ host, refused }) => (refused.some(isFrom) ? host : []))
    if (except.length === 0) return []
    return [except.length * 2 > told.length ? { entry } : { entry, except }]
  })
}

/** What it leaves out, of each host that said; one that blocks nothing at all says it by its error. */
function toldBy({ answer, finding }: Outcome): (readonly Refused[])[] {
  if (answer) return [answer.refused ?? []]
  const covers = finding?.code === 'block-refused' ? finding.args.covers : undefined
  if (!Array.isArray(covers) || covers.length === 0) return []
  return [
    covers.map(line => {
      const [address = '', what = '', by = ''] = line.split(' ')
      return { address, what, covers: by }
    }),
  ]
}

/** Addresses, and hosts, that a line names. */
const NAMED = 3

export function sayRejected(rejected: readonly Rejected[]): readonly Finding[] {
  const lifted = rejected.filter(({ except }) => !except).map(({ entry }) => entry.address)
  const args = { addresses: lifted.slice(0, NAMED), more: lifted.length - NAMED }
  const all: Finding = { code: 'block-rejected', severity: 'warning', args }
  const some = rejected.flatMap(({ entry, except = [] }): Finding[] => {
    if (except.length === 0) return []
    const hosts = { hosts: except.slice(0, NAMED), more: except.length - NAMED }
    return [{ code: 'block-excepted', severity: 'warning', args: { address: entry.address, ...hosts } }]
  })
  return [...(lifted.length > 0 ? [all] : []), ...some]
}
