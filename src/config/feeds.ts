import { resolve } from 'node:path'
import * as v from 'valibot'
import { parseSpan } from '../address/spans.ts'
import { FleetError } from '../model/error.ts'
import type { Place } from '../model/place.ts'
import { duration } from './duration.ts'

/*
 * What `feeds:` may say. The message of each schema is the word for what was expected.
 */

const FORMATS = ['plain', 'netset', 'cidr', 'zone'] as const
const HOUR = 3_600_000
/** Sets on hosts have room for a million. */
const MOST = 500_000

const text = v.pipe(v.string('text'), v.nonEmpty('text'))
const count = v.pipe(v.number('count'), v.integer('count'), v.minValue(1, 'count'))
const network = v.pipe(v.string('networks'), v.check(isNetwork, 'networks'))
const networks = v.union(
  [
    v.pipe(
      network,
      v.transform(one => [one]),
    ),
    v.array(network, 'networks'),
  ],
  'networks',
)

export const feedEntries = {
  url: v.nullish(v.pipe(v.string('feedUrl'), v.check(isFeedUrl, 'feedUrl'))),
  file: v.nullish(text),
  format: v.nullish(v.picklist(FORMATS, 'feedFormat')),
  refresh: v.nullish(v.pipe(duration, v.minValue(60_000, 'refresh'), v.maxValue(30 * 24 * HOUR, 'refresh'))),
  allow: v.nullish(networks),
  minEntries: v.nullish(count),
  maxEntries: v.nullish(v.pipe(count, v.maxValue(1_000_000, 'maxEntries'))),
  limit: v.nullish(text),
  block: v.nullish(v.boolean('yes or no')),
}

const mapping = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'feed',
)
const named = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'feeds',
)

export const feedsSchema = v.pipe(
  named,
  v.record(
    v.pipe(v.string(), v.regex(/^[a-z\d][\w.-]{0,62}$/i, 'feedName')),
    v.pipe(
      mapping,
      v.object(feedEntries),
      v.check(({ url, file }) => (typeof url === 'string') !== (typeof file === 'string'), 'feed'),
    ),
  ),
)

export type FeedFormat = (typeof FORMATS)[number]

/** A list that somebody else keeps: every host that it is meant for blocks it, and roles may name it. */
export interface Feed {
  readonly name: string
  readonly source: { readonly url: string } | { readonly file: string }
  readonly format: FeedFormat
  /** Milliseconds after which it is fetched anew. */
  readonly refresh: number
  /** Taken out of it. */
  readonly allow: readonly string[]
  /** How few lines are right; where nothing is said, one, and no sudden loss of half of them. */
  readonly minEntries?: number
  readonly maxEntries: number
  /** Hosts that it is meant for. */
  readonly limit?: string
  /** Nobody blocks it: it is there for roles, which may well let in who is on it. */
  readonly isForRoles?: true
  readonly at: Place
}

export const feedsOf = (
  written: v.InferOutput<typeof feedsSchema>,
  directory: string,
  place: (name: string) => Place,
): readonly Feed[] =>
  Object.entries(written).map(([name, feed]) => ({
    name,
    source: feed.url ? { url: feed.url } : { file: resolve(directory, feed.file ?? '') },
    format: feed.format ?? 'plain',
    refresh: feed.refresh ?? HOUR,
    allow: feed.allow ?? [],
    maxEntries: feed.maxEntries ?? MOST,
    ...(feed.minEntries ? { minEntries: feed.minEntries } : {}),
    ...(feed.limit ? { limit: feed.limit } : {}),
    ...(feed.block === false ? { isForRoles: true as const } : {}),
    at: place(name),
  }))

/** What every host blocks comes whole and from who it says, or not at all. fetch takes no password in a URL. */
function isFeedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return protocol === 'https:' && username === '' && password === ''
}

function isNetwork(text: string): boolean {
  try {
    parseSpan(text)
    return true
  } catch (error) {
    if (error instanceof FleetError) return false
    throw error
  }
}
