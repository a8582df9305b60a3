import { describe, expect, it } from 'vitest'
import type { HostBlocks } from '../../../src/host/observation.ts'
import { hashBlocks } from '../../../src/model/block.ts'
import { findBehind, type WantedBlocks, type WantedFeeds } from '../../../src/plan/blocks.ts'
import { decideDrifted } from '../../../src/plan/decide-drifted.ts'
import { holdTo } from '../../../src/plan/saved.ts'
import { say } from '../../../src/report/say.ts'
import { ask, CONFIRMED, SSH } from './drift-question.ts'

const NOTHING = hashBlocks([])
const wanted = (feeds?: Partial<WantedFeeds>): WantedBlocks => ({
  hash: NOTHING,
  entries: 0,
  ...(feeds ? { feeds: { hash: 'new', networks: 2, at: 20, ...feeds } } : {}),
})
const has = (feeds?: HostBlocks['feeds']): HostBlocks => ({
  hash: NOTHING,
  isPersisted: true,
  ...(feeds ? { feeds } : {}),
})
const why = (blocks: HostBlocks | undefined, asked: WantedBlocks) =>
  findBehind(blocks ? { blocks } : {}, asked)?.args.why

describe('feeds, where a host was looked at', () => {
  it.each<[string, string | undefined, HostBlocks | undefined, WantedBlocks]>([
    ['that it has just so', undefined, has({ hash: 'new', at: 10 }), wanted({})],
    ['that it has otherwise', 'feeds', has({ hash: 'old', at: 10 }), wanted({})],
    ['that it was told in the same moment, and otherwise', 'feeds', has({ hash: 'old', at: 20 }), wanted({})],
    ['that it was told later, from elsewhere', undefined, has({ hash: 'old', at: 21 }), wanted({})],
    ['that are taken away', 'feeds', has({ hash: 'old', at: 10 }), wanted({ networks: 0 })],
    ['that it never had', 'feeds', has(), wanted({})],
    ['that it never had, and that are none', undefined, has(), wanted({ networks: 0 })],
    ['on a host that was never told to block anything', 'feeds', undefined, wanted({})],
    ['that are none, on such a host', undefined, undefined, wanted({ networks: 0 })],
    ['of which nothing is known here', undefined, has({ hash: 'old', at: 10 }), wanted()],
    ['beside a block that it lacks', 'missing', undefined, { ...wanted({}), hash: 'more', entries: 1 }],
  ])('%s', (_, expected, blocks, asked) => {
    expect(why(blocks, asked)).toBe(expected)
  })

  it('are said in words', () => {
    const found = findBehind({ blocks: has() }, wanted({}))
    expect(found && say(found)).toMatch(/^It does not have the feeds .* put that right\.$/)
  })
})

describe('a host that is behind with what it blocks', () => {
  const behind = { ...ask({}, [SSH, ...CONFIRMED.slice(2)]), blocks: { hash: 'more', entries: 1 } }

  it('is told also where --only-drifted leaves its rules alone', () => {
    const plan = decideDrifted(behind)
    expect(plan.findings.map(({ code }) => code)).toEqual(['left-out-not-drifted', 'blocks-behind'])
    expect(plan).toMatchObject({ verdict: 'unchanged', isBehind: true })
  })

  it('is told also where a saved plan is not its plan any more', () => {
    const plan = holdTo({ hosts: new Map() }, decideDrifted(behind))
    expect(plan.findings.map(({ code }) => code)).toEqual(['not-in-plan', 'blocks-behind'])
    expect(plan).toMatchObject({ verdict: 'refused', isBehind: true })
  })
})
