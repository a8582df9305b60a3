import { isIPv4 } from 'node:net'
import { FleetError } from '../model/error.ts'
import { type Entry, isBlocked, mergeEntries } from './entry.ts'
import { cidrsOf } from './span.ts'

/** Networks that a host has room for of each family and direction: its sets hold a little more. */
const ROOM = 1_000_000

/**
 * Refuses what would not go into a host's sets together with what is blocked already: noted in the ledger it would keep
 * every later block from being set as well. Error: `block-too-many`.
 */
export function refuseOverfull(
  added: readonly Entry[],
  known: readonly Entry[],
  now: number,
  room = ROOM,
): void {
  if (mostOf(added) + mostOf(known) <= room) return
  const counts = new Map<string, number>()
  for (const entry of mergeEntries(known, added)) {
    if (!isBlocked(entry, now)) continue
    const set = `${entry.address.includes(':') ? 6 : 4} ${entry.direction}`
    counts.set(set, (counts.get(set) ?? 0) + (isIPv4(entry.address) ? 1 : cidrsOf(entry.address).length))
  }
  const networks = Math.max(0, ...counts.values())
  if (networks > room) throw new FleetError('block-too-many', { networks, room })
}

/** Networks at the most: of a range 254, and a whole family is its two halves. A long list is looked at in passing. */
const mostOf = (entries: readonly Entry[]) =>
  entries.reduce((sum, { address }) => sum + (address.includes('-') ? 254 : 2), 0)
