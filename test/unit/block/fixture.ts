import type { Entry } from '../../../src/block/entry.ts'
import type { BlockState } from '../../../src/host/block-answer.ts'

/** An entry of the ledger: for ever, both ways, unless said. */
export const entry = (address: string, more: Partial<Entry> = {}): Entry => ({
  address,
  direction: 'both',
  until: 0,
  by: 'me@here',
  at: 1,
  evenSo: [],
  ...more,
})

/** What a host says that blocks all that it was told. */
export const STATE: BlockState = {
  hash: 'h',
  entries: 1,
  hook: 'stands',
  areSetsRight: true,
  isPersisted: true,
  skew: 0,
}
