import { readLedger } from '../block/ledger.ts'
import type { Wanted } from '../block/wanted.ts'
import { hashBlocks } from '../model/block.ts'
import type { WantedBlocks } from '../plan/blocks.ts'
import { ledgerOf, wantedOf } from './blocking.ts'
import type { KnownFeeds } from './feeds.ts'
import type { Inputs } from './inputs.ts'
import { warn } from './warnings.ts'

/** What the ledger beside an inventory, and the feeds of its fleet.yml, ask of its hosts. */
export interface Blocking {
  /** As the user would name it. */
  readonly file: string
  readonly wanted: (host: string) => Wanted
  /** The same, as a host that was looked at is held against it. */
  readonly asked: (host: string) => WantedBlocks
  readonly feeds?: KnownFeeds
}

/** Undefined where they ask nothing. Errors: readLedger's. */
export async function readBlocking(inputs: Inputs): Promise<Blocking | undefined> {
  const { file, entries } = await readLedger(ledgerOf(inputs))
  const feeds = await readFeeds(inputs)
  if (entries.length === 0 && !feeds) return undefined
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
  if (!feeds) return { file, wanted, asked }
  return { file, wanted, asked: host => ({ ...asked(host), feeds: feeds.asked(host) }), feeds }
}

/** Lists that are too long are no reason to leave hosts without their rules. */
async function readFeeds(inputs: Inputs): Promise<KnownFeeds | undefined> {
  if (!inputs.config.feeds) return undefined
  const feeds = await (await import('./feeds.ts')).knownFeeds(inputs)
  for (const finding of feeds?.wrong ?? []) warn({ ...finding, severity: 'warning' })
  return feeds && feeds.wrong.length === 0 ? feeds : undefined
}
