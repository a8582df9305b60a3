import type { Feed } from '../config/feeds.ts'
import { FleetError } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'

/** A feed of fleet.yml. */
export const isFeedWord = (word: string): boolean => /^(?:feed|country):/.test(word)

/** The feed that `feed:NAME` or `country:NAME` means. A country is a feed whose format says so. Error: `feed-unknown`, at `at`. */
export function findFeed(word: string, feeds: readonly Feed[], at?: Place): Feed {
  const [kind, name = ''] = word.split(':', 2)
  const country = kind === 'country'
  const meant = country ? feeds.filter(({ format }) => format === 'zone') : feeds
  const found = meant.find(feed => feed.name.toLowerCase() === name.toLowerCase())
  if (found) return found
  const names = meant.map(feed => feed.name)
  const near = nearest(name, names)
  const args = { word, country, nearest: near ? `${kind}:${near}` : null }
  throw new FleetError('feed-unknown', args, at ? { at } : {})
}
