import { printSpans } from '../address/spans.ts'
import type { Named } from '../block/words.ts'
import type { Feed } from '../config/feeds.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import { warn } from './blocking.ts'
import { currentOf } from './feeds.ts'
import type { Inputs } from './inputs.ts'

/**
 * `feed:NAME`, `country:NAME`: all that a feed of fleet.yml names now. A country is a feed whose format says so. Throws
 * what is wrong with a feed that has no list; one that keeps its last list is only told of.
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

/** Error: `feed-unknown`. */
function findFeed(word: string, feeds: readonly Feed[]): Feed {
  const [kind, name = ''] = word.split(':', 2)
  const country = kind === 'country'
  const meant = country ? feeds.filter(({ format }) => format === 'zone') : feeds
  const found = meant.find(feed => feed.name.toLowerCase() === name.toLowerCase())
  if (found) return found
  const near = nearest(
    name,
    meant.map(feed => feed.name),
  )
  throw new FleetError('feed-unknown', { word, country, nearest: near ? `${kind}:${near}` : null })
}
