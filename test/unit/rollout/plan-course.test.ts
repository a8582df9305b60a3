import { describe, expect, it } from 'vitest'
import type { Rollout } from '../../../src/config/rollout.ts'
import { planCourse } from '../../../src/rollout/plan-course.ts'

const again = (hosts: readonly string[], frozen: readonly (readonly string[])[]) =>
  planCourse(
    {},
    {
      changing: hosts.map(host => ({ host, groups: [], roles: [] })),
      before: [],
      frozen,
      hosts: 50,
      now: 0,
      wall: 0,
      began: 0,
    },
  ).stages

const overdueAt = (rollout: Rollout, began = 0) =>
  planCourse(rollout, { changing: [], before: [], hosts: 50, now: 1000, wall: NOON, began }).overdueAt
const NOON = new Date(2026, 0, 31, 12, 0).getTime()

describe('the time of all of it', () => {
  it('counts from the beginning, or from the opening of the window', () => {
    expect(overdueAt({})).toBeUndefined()
    expect(overdueAt({ timeout: 5000 }, 400)).toBe(5400)
    expect(overdueAt({ timeout: 5000, notBefore: '12:01' }, 400)).toBe(1000 + 60_000 + 5000)
    expect(overdueAt({ timeout: 5000, notBefore: '2026-01-31T11:00' }, 400)).toBe(5400)
  })
})

describe('the window', () => {
  it('is on the clock of whoever drives it, and open to who comes in it', () => {
    const of = (rollout: Rollout) =>
      planCourse(rollout, { changing: [], before: [], hosts: 50, now: 1000, wall: NOON, began: 0 })
    expect(of({ notBefore: '12:01', notAfter: '12:02' })).toMatchObject({
      notBefore: 61_000,
      notAfter: 121_000,
    })
    const open = of({ notBefore: '11:59', notAfter: '12:02' })
    expect([open.notBefore, open.notAfter]).toEqual([undefined, 121_000])
  })
})

describe('the stages of a run that is gone on with', () => {
  it('are those that were frozen, less what is done', () => {
    expect(again(['b', 'd', 'c'], [['a'], ['b', 'c'], ['d']])).toEqual([['b', 'c'], ['d']])
  })

  it('end with the hosts that could not be looked at then', () => {
    expect(again(['off', 'b'], [['a'], ['b']])).toEqual([['b'], ['off']])
    expect(again(['off'], [['a'], ['b']])).toEqual([['off']])
  })
})
