import { readLedger } from '../block/ledger.ts'
import type { Wanted } from '../block/wanted.ts'
import { hashBlocks } from '../model/block.ts'
import type { WantedBlocks } from '../plan/blocks.ts'
import { ledgerOf, wantedOf } from './blocking.ts'
import type { Inputs } from './inputs.ts'

/** What the ledger beside an inventory asks of its hosts. */
export interface Blocking {
  /** As the user would name it. */
  readonly file: string
  readonly wanted: (host: string) => Wanted
  /** The same, as a host that was looked at is held against it. */
  readonly asked: (host: string) => WantedBlocks
}

/** Undefined where nothing is in it. Errors: readLedger's. */
export async function readBlocking(inputs: Inputs): Promise<Blocking | undefined> {
  const { file, entries } = await readLedger(ledgerOf(inputs))
  if (entries.length === 0) return undefined
  const wanted = wantedOf(inputs, entries)
  const known = new Map<Wanted, WantedBlocks>()
  const asked = (host: string) => {
    const one = wanted(host)
    const before = known.get(one)
    if (before) return before
    const blocked = one.map.filter(({ state }) => state === 'blocked').length
    const fresh = { hash: hashBlocks(one.map), entries: blocked }
    known.set(one, fresh)
    return fresh
  }
  return { file, wanted, asked }
}
