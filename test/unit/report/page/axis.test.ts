import { describe, expect, it } from 'vitest'
import { makeAxis } from '../../../../src/report/page/axis.ts'

const HOUR = 3_600_000

describe('time on a page', () => {
  it('goes from left to right', () => {
    const axis = makeAxis([1000, 2000, 5000])
    expect([1000, 3000, 5000].map(moment => axis.at(moment))).toEqual([0, 0.5, 1])
    expect(axis.stretches).toHaveLength(1)
  })

  it('passes over a night', () => {
    const axis = makeAxis([0, 10_000, 20_000, 9 * HOUR, 9 * HOUR + 10_000])
    const [before, night, after] = axis.stretches
    expect(night).toMatchObject({ from: 20_000, to: 9 * HOUR, isCut: true })
    expect((night?.right ?? 0) - (night?.left ?? 0)).toBeLessThan(0.07)
    expect(axis.at(20_000)).toBe(before?.right)
    expect(axis.at(9 * HOUR)).toBe(after?.left)
    expect(axis.at(9 * HOUR + 10_000)).toBeCloseTo(1)
  })

  it('cuts several nights, but no pause that is short beside the rest', () => {
    const nights = makeAxis([0, 20_000, HOUR, HOUR + 20_000, 20 * HOUR, 20 * HOUR + 5000])
    expect(nights.stretches.map(({ isCut }) => isCut)).toEqual([false, true, false, true, false])
    const minutes = Array.from({ length: 60 }, (_, at) => at * 60_000)
    expect(makeAxis([...minutes, 62 * 60_000]).stretches).toHaveLength(1)
  })

  it.each([[[]], [[5]], [[5, 5, 5]]])('stands still where nothing happens: %j', moments => {
    const axis = makeAxis(moments)
    expect(axis.at(5)).toBeGreaterThanOrEqual(0)
    expect(axis.at(5)).toBeLessThanOrEqual(1)
  })
})
