import { type Entry, keyOf, wordOf } from '../block/entry.ts'
import { changeLedger, type Ledger } from '../block/ledger.ts'
import { meantBy } from '../block/wanted.ts'
import type { Later } from '../host/block-answer.ts'
import { seconds } from './blocking.ts'

/** Whether a command means any of what a host has heard later of; where it does, it is said again, later still. */
export type Insist = (later: readonly Later[]) => Promise<boolean>

/**
 * The word of this moment is the last one. A host may have heard one that seems to be later: from a machine whose clock
 * is ahead, by a ledger that this one hasn't been merged with.
 */
export function insistOn(file: string, said: readonly Entry[], onLedger: (ledger: Ledger) => void): Insist {
  const isMeant = meantBy(said)
  let raised = 0
  let raising = Promise.resolve()
  const raise = async (last: number) => {
    if (last < raised) return
    raised = last + 1
    onLedger(await changeLedger(file, seconds(), known => sayAgain(said, known, raised)))
  }
  return async later => {
    const last = later.reduce((most, { address, at }) => (isMeant(address) ? Math.max(most, at) : most), -1)
    if (last < 0) return false
    raising = raising.then(() => raise(last))
    await raising
    return true
  }
}

/** What the ledger says of the same entries by now, as a word of that moment. */
function sayAgain(said: readonly Entry[], known: readonly Entry[], at: number): readonly Entry[] {
  const keys = new Set(said.map(keyOf))
  return known
    .filter(entry => keys.has(keyOf(entry)) && wordOf(entry) < at)
    .map(entry => (entry.lifted ? { ...entry, lifted: { ...entry.lifted, at } } : { ...entry, at }))
}
