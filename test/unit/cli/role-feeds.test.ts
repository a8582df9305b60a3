import { describe, expect, it } from 'vitest'
import { spansOf } from '../../../src/address/spans.ts'
import { roleFeeds } from '../../../src/cli/role-feeds.ts'
import type { Feed } from '../../../src/config/feeds.ts'
import { mistakeOf } from './mistake.ts'

const AT = { file: 'group_vars/web.yml', line: 3 }
const feed = (name: string, format: Feed['format'] = 'plain'): Feed => ({
  name,
  source: { file: name },
  format,
  refresh: 1,
  allow: [],
  maxEntries: 10,
  at: { file: 'fleet.yml', line: 2 },
})

describe('feeds that roles name', () => {
  const taken = new Map([
    ['nl', spansOf(['45.1.0.0/24', '45.1.1.0/24', '2600::1'])],
    ['drop', spansOf(['45.2.2.2'])],
  ])
  const read: string[] = []
  const feeds = roleFeeds([feed('nl', 'zone'), feed('drop'), feed('new')], async ({ name }) => {
    read.push(name)
    return taken.get(name)
  })

  it('are read once they are asked for, each once, and no others', async () => {
    expect(await feeds.readAsked()).toBe(false)
    expect(feeds.list('country:NL', AT)).toEqual({ 4: [], 6: [] })
    expect(feeds.list('feed:nl', AT)).toEqual({ 4: [], 6: [] })
    expect(await feeds.readAsked()).toBe(true)
    expect(feeds.list('country:NL', AT)).toEqual({ 4: ['45.1.0.0/23'], 6: ['2600::1'] })
    expect(await feeds.readAsked()).toBe(false)
    expect(read).toEqual(['nl'])
  })

  it('are an error where nothing is known of them, and where they are no feeds', async () => {
    feeds.list('feed:new', AT)
    await feeds.readAsked()
    expect(mistakeOf(() => feeds.list('feed:new', AT))).toBe(
      'group_vars/web.yml:3: feed:new: no list of this feed is in force on this machine, so nobody knows who that is. Fetch it, or see what is wrong with it: fleet blocks --refresh',
    )
    expect(mistakeOf(() => feeds.list('feed:dorp', AT))).toMatch(
      /^group_vars\/web\.yml:3: feed:dorp is no feed of fleet\.yml\. Did you mean feed:drop\?$/,
    )
    expect(mistakeOf(() => feeds.list('country:drop', AT))).toMatch(/with format: zone\./)
  })
})
