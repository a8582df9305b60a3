import { printSpans, type Spans } from '../address/spans.ts'
import type { Feed } from '../config/feeds.ts'
import { findFeed } from '../feeds/named.ts'
import { FleetError } from '../model/error.ts'
import type { PerFamily } from '../model/family.ts'
import type { Lists } from '../roles/book.ts'

type Networks = PerFamily<readonly string[]>

/** Feeds as roles name them: rendering is pure, so what it asks for is read between two renderings. */
export interface RoleFeeds {
  /** Nobody, for a feed that hasn't been read yet. */
  readonly list: Lists
  /** Reads what was asked for, from the lists that were taken last. Whether there was anything: then render again. */
  readonly readAsked: () => Promise<boolean>
}

/** Of feeds of fleet.yml; `read` answers nothing where no list of one is in force. */
export function roleFeeds(
  feeds: readonly Feed[],
  read: (feed: Feed) => Promise<Spans | undefined>,
): RoleFeeds {
  const asked = new Set<Feed>()
  const known = new Map<Feed, Networks | undefined>()
  return {
    list: (word, at) => {
      const feed = findFeed(word, feeds, at)
      asked.add(feed)
      const networks = known.get(feed)
      if (!networks && known.has(feed)) throw new FleetError('source-feed-untaken', { word }, { at })
      return networks ?? NOBODY
    },
    readAsked: async () => {
      const fresh = [...asked].filter(feed => !known.has(feed))
      for (const feed of fresh) {
        const spans = await read(feed)
        known.set(feed, spans && printSpans(spans))
      }
      return fresh.length > 0
    },
  }
}

const NOBODY: Networks = { 4: [], 6: [] }
