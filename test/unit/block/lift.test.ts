import { describe, expect, it } from 'vitest'
import { type Entry, withoutLonger } from '../../../src/block/entry.ts'
import { addressesFor, planLift } from '../../../src/block/lift.ts'
import { entry } from './fixture.ts'

const ours = entry('203.0.113.9', { reason: 'guessing' })
const theirs = entry('203.0.113.10', { reason: 'ban by web1' })
const word = { by: 'web1', at: 5000, anyway: [] }

describe('lifting for a reason', () => {
  it('lifts what was blocked for it, and says why of the rest', () => {
    const { lifted, unknown } = planLift(
      ['203.0.113.9', '203.0.113.10', '203.0.113.11'],
      [ours, theirs],
      { ...word, reason: 'ban by web1' },
      10,
    )
    expect(lifted.map(({ address }) => address)).toEqual(['203.0.113.10'])
    expect(unknown.map(({ code, args }) => [code, args.address])).toEqual([
      ['unblock-other-reason', '203.0.113.9'],
      ['unblock-unknown', '203.0.113.11'],
    ])
  })

  it('finds all of a reason, and only what is still blocked', () => {
    const lifted = { ...theirs, address: '203.0.113.12', lifted: { by: 'x', at: 2000 } }
    const all = [ours, theirs, lifted, { ...theirs, limit: 'web' }]
    expect(addressesFor('ban by web1', all, 10)).toEqual(['203.0.113.10'])
    expect(() => addressesFor('ban by web2', all, 10)).toThrow(
      expect.objectContaining({
        code: 'unblock-no-reason',
        args: { reason: 'ban by web2', nearest: 'ban by web1' },
      }),
    )
  })
})

describe('an address that was never blocked', () => {
  it('is told with what overlaps it, five of many at most', () => {
    const all = Array.from({ length: 7 }, (_, n) => entry(`10.0.0.${n}`))
    const twice = { ...entry('10.0.0.0'), limit: 'web' }
    const { unknown } = planLift(['10.0.0.0/16'], [twice, ...all, entry('10.0.0.0/8'), ours], word, 10)
    const inside = ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
    expect(unknown).toMatchObject([{ code: 'unblock-unknown', args: { covering: ['10.0.0.0/8'], inside } }])
  })
})

describe('a block that keeps what lasts longer', () => {
  const known = [
    entry('203.0.113.1'),
    entry('203.0.113.2', { until: 500 }),
    entry('203.0.113.3', { direction: 'in' }),
  ]
  const kept = (address: string, more: Partial<Entry>, now = 100) =>
    withoutLonger([entry(address, { at: 9000, ...more })], known, now).length === 0

  it.each([
    ['one for ever', '203.0.113.1', { until: 900 }, true],
    ['one for ever by the same', '203.0.113.1', {}, true],
    ['a shorter one', '203.0.113.2', { until: 900 }, false],
    ['a longer one', '203.0.113.2', { until: 400 }, true],
    ['one with an end by one for ever', '203.0.113.2', {}, false],
    ['one that drops less', '203.0.113.3', { until: 900 }, false],
    ['one for other hosts', '203.0.113.1', { until: 900, limit: 'web' }, false],
    ['nothing', '203.0.113.4', { until: 900 }, false],
  ] as const)('meets %s', (_, address, more, isKept) => {
    expect(kept(address, more)).toBe(isKept)
  })

  it('meets one that was lifted', () => {
    const lifted = [entry('203.0.113.1', { lifted: { by: 'x', at: 2000 } })]
    const again = entry('203.0.113.1', { until: 900 })
    expect(withoutLonger([again], lifted, 100)).toEqual([again])
  })
})
