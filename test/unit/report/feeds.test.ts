import { expect, it } from 'vitest'
import { printFeed } from '../../../src/report/feeds.ts'

const FEED = { name: 'drop', state: 'stands', entries: 2, findings: [] } as const

it('a feed is told with the moment of its list, in the time of whoever reads it', () => {
  const checked = Date.UTC(2026, 0, 31, 22, 30)
  expect(printFeed({ ...FEED, checked })).toBe('feed drop: 2 entries, as of 2026-01-31 22:30 UTC\n')
  expect(printFeed(FEED)).toMatch(/^feed drop: never taken\./)
})
