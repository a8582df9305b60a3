import { printSpans } from '../address/spans.ts'
import type { Named } from '../block/words.ts'
import { findFeed } from '../feeds/named.ts'
import { FleetErrors } from '../model/error.ts'
import { currentOf } from './feeds.ts'
import type { Inputs } from './inputs.ts'
import { warn } from './warnings.ts'

/**
 * All that `feed:NAME` and `country:NAME` name now. Throws what is wrong with a feed that has no list; one that keeps its
 * last list is only told of. Error: `feed-unknown`.
 */
export async function readFeedWords(inputs: Inputs, words: readonly string[]): Promise<readonly Named[]> {
  const feeds = words.map(word => findFeed(word, inputs.config.feeds ?? []))
  const currents = await Promise.all(feeds.map(feed => currentOf(inputs, feed)))
  return currents.flatMap(({ spans, findings }) => {
    if (!spans) throw new FleetErrors(findings)
    for (const finding of findings) warn({ ...finding, severity: 'warning' })
    const { 4: four, 6: six } = printSpans(spans)
    return [...four, ...six].map(address => ({ address }))
  })
}
