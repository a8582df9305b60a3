import { asLifted, type Entry, keyOf, wordOf } from '../block/entry.ts'
import type { BlockOutcome } from '../block/event.ts'
import { changeLedger, type Ledger } from '../block/ledger.ts'
import { type Rejected, sayRejected } from '../block/rejected.ts'
import { limitWithout } from '../inventory/select.ts'
import { type Sending, seconds, sendToAll } from './blocking.ts'
import type { Inputs } from './inputs.ts'
import { warn } from './warnings.ts'

/** Has the ledger say what becomes of entries that hosts have rejected. */
export async function dropRejected(
  inputs: Inputs,
  file: string,
  rejected: readonly Rejected[],
): Promise<Ledger> {
  const entries = rejected.map(({ entry }) => entry)
  const ledger = await changeLedger(file, seconds(), known => [
    ...liftAgain(entries, known),
    ...rejected.flatMap(one => exceptThere(inputs, one)),
  ])
  for (const finding of sayRejected(rejected)) warn(finding)
  return ledger
}

/**
 * Nothing that is blocked changes by it. But hosts that have answered haven't heard that last word, and who asks next
 * would find them behind.
 */
export async function tellRejected(
  sending: Sending,
  outcomes: readonly BlockOutcome[],
  rejected: readonly Rejected[],
): Promise<void> {
  const told = new Set(outcomes.flatMap(({ host, answer }) => (answer ? [host] : [])))
  await sendToAll({
    ...sending,
    flags: { ...sending.flags, 'give-up-after': '0' },
    voice: { emit: () => undefined },
    hosts: sending.hosts.filter(({ name }) => told.has(name)),
    news: rejected.flatMap(one => [one.entry, ...exceptThere(sending.inputs, one)]),
  })
}

/** Blocked where nobody rejects it, as an entry of its own. */
function exceptThere({ inventory }: Inputs, { entry, except }: Rejected): readonly Entry[] {
  if (!except) return []
  const limit = limitWithout(inventory, entry.limit ?? 'all', except)
  return [{ ...entry, limit, at: wordOf(entry) + 1 }]
}

/** What this command has added, as it is to be where nobody gets in any more. */
export function liftAgain(entries: readonly Entry[], ledger: readonly Entry[]): readonly Entry[] {
  const added = new Set(entries.map(keyOf))
  return ledger
    .filter(entry => added.has(keyOf(entry)))
    .map(entry => asLifted(entry, { by: entry.by, at: wordOf(entry) + 1 }))
}
