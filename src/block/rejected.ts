import type { Refused } from '../host/block.ts'
import type { Entry } from './entry.ts'
import type { BlockOutcome } from './event.ts'
import { cidrsOf } from './span.ts'

/**
 * Entries that hosts have rejected for all: one of them sees somebody come from there, or all that answered leave them
 * out. In the ledger the next who comes, from another address, would have them blocked after all.
 */
export function rejectedBy(
  outcomes: readonly Pick<BlockOutcome, 'answer' | 'finding'>[],
  added: readonly Entry[],
): readonly Entry[] {
  const told = outcomes.flatMap(toldBy)
  if (told.every(refused => refused.length === 0)) return []
  const clients = new Set(
    told.flatMap(refused => refused.flatMap(one => (one.what === 'client' ? one.address : []))),
  )
  const times = new Map<string, number>()
  for (const { address } of told.flat()) times.set(address, (times.get(address) ?? 0) + 1)
  return added.filter(entry => {
    const cidrs = cidrsOf(entry.address)
    return cidrs.some(one => clients.has(one)) || cidrs.every(one => times.get(one) === told.length)
  })
}

/** What it leaves out, of each host that said; one that blocks nothing at all says it by its error. */
function toldBy({ answer, finding }: Pick<BlockOutcome, 'answer' | 'finding'>): (readonly Refused[])[] {
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
