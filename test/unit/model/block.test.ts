import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BlockLine, hashBlocks, isOver, mergeBlocks, printBlocks } from '../../../src/model/block.ts'

const NOW = 1_795_000_000
const line = (more: Partial<BlockLine> = {}): BlockLine => ({
  address: '203.0.113.9',
  direction: 'both',
  at: NOW * 1000,
  until: 0,
  state: 'blocked',
  ...more,
})

const lines = fc.array(
  fc.record({
    address: fc.constantFrom('203.0.113.9', '203.0.113.90', '203.0.113.0/24', '2001:db8::1', '10.0.0.0/8'),
    direction: fc.constantFrom('in', 'out', 'both'),
    at: fc.integer({ min: NOW * 1000, max: NOW * 1000 + 2 }),
    until: fc.constantFrom(0, NOW + 1, NOW + 60),
    state: fc.constantFrom('blocked', 'lifted'),
  }) satisfies fc.Arbitrary<BlockLine>,
)

describe('maps of blocks', () => {
  it('come to the same in any order, any number of times', () => {
    fc.assert(
      fc.property(lines, lines, lines, (a, b, c) => {
        const whole = mergeBlocks([a, b, c], NOW)
        expect(mergeBlocks([c, a, b, a], NOW)).toEqual(whole)
        expect(mergeBlocks([mergeBlocks([a, b], NOW), mergeBlocks([b, c], NOW)], NOW)).toEqual(whole)
      }),
    )
  })

  it.each([
    ['a later word', { at: NOW * 1000 + 1, state: 'lifted' }, {}],
    ['a block, of two words at one moment', {}, { state: 'lifted' }],
    ['what is for ever', {}, { until: NOW + 60 }],
    ['what lasts longer', { until: NOW + 61 }, { until: NOW + 60 }],
  ] as const)('keep %s', (_, winner, loser) => {
    for (const map of [
      [line(winner), line(loser)],
      [line(loser), line(winner)],
    ])
      expect(mergeBlocks([map], NOW)).toEqual([line(winner)])
  })

  it('lose what is over, and what was lifted for ever after ninety days', () => {
    const day = 86_400
    expect(isOver(line({ until: NOW }), NOW)).toBe(true)
    expect(isOver(line({ until: NOW + 1 }), NOW)).toBe(false)
    expect(isOver(line(), NOW + 1000 * day)).toBe(false)
    expect(isOver(line({ state: 'lifted' }), NOW + 90 * day - 1)).toBe(false)
    expect(isOver(line({ state: 'lifted' }), NOW + 90 * day)).toBe(true)
  })

  it('are sorted by bytes, whatever is in them', () => {
    const part = fc.oneof(fc.constantFrom(0, 1, 2, 9, 10, 19, 20, 99, 100, 199, 200, 255), fc.nat(255))
    const v4 = fc.tuple(part, part, part, part).map(parts => parts.join('.'))
    const v6 = fc.constantFrom('2001:db8::', '20:1::1', '1::', '::1', 'fd00::/8')
    const prefix = fc.constantFrom('', '', '/8', '/10', '/24', '/3')
    const address = fc.oneof({ weight: 4, arbitrary: fc.tuple(v4, prefix).map(two => two.join('')) }, v6)
    fc.assert(
      fc.property(fc.array(address, { maxLength: 60 }), addresses => {
        const map = mergeBlocks([addresses.map(one => line({ address: one }))], NOW)
        expect(map.map(one => one.address)).toEqual([...new Set(addresses)].sort())
      }),
    )
  })

  it('are printed as a host keeps them, sorted by bytes', () => {
    const map = mergeBlocks(
      [['203.0.113.90', '203.0.113.9', '203.0.113.9/31', '2001:db8::/32'].map(address => line({ address }))],
      NOW,
    )
    expect(map.map(({ address }) => address)).toEqual([
      '2001:db8::/32',
      '203.0.113.9',
      '203.0.113.9/31',
      '203.0.113.90',
    ])
    expect([...printBlocks(map)].join('').split('\n')[1]).toBe(`203.0.113.9 both ${NOW}000 0 blocked`)
    expect(hashBlocks([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})
