import type { Finding } from '../model/finding.ts'
import type { Entry } from './entry.ts'
import type { BlockOutcome } from './event.ts'
import { covering } from './lift.ts'

type Outcome = Pick<BlockOutcome, 'host' | 'answer'>

/** Hosts that a line names. */
const NAMED = 5

/** What somebody has asked for that hosts don't do, though they block: who fleet comes from is never kept out. */
export function exemptFrom(outcomes: readonly Outcome[], entries: readonly Entry[]): readonly Finding[] {
  const clients = new Set(outcomes.flatMap(({ answer }) => answer?.client ?? []))
  return covering([...clients], entries).map(({ address, by }) => ({
    code: 'block-exempt',
    severity: 'warning',
    args: { client: address, addresses: by.slice(0, 3).map(one => one.address) },
  }))
}

/** Hosts that block and can't delete the connections that stand. */
export function notKilled(outcomes: readonly Outcome[]): readonly Finding[] {
  const hosts = outcomes.flatMap(({ host, answer }) => (answer && answer.killed === undefined ? host : []))
  if (hosts.length === 0) return []
  const args = { hosts: hosts.slice(0, NAMED), more: hosts.length - NAMED }
  return [{ code: 'block-not-killed', severity: 'warning', args }]
}
