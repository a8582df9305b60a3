import { describe, expect, it } from 'vitest'
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
    },
  ).stages

describe('the stages of a run that is gone on with', () => {
  it('are those that were frozen, less what is done', () => {
    expect(again(['b', 'd', 'c'], [['a'], ['b', 'c'], ['d']])).toEqual([['b', 'c'], ['d']])
  })

  it('end with the hosts that could not be looked at then', () => {
    expect(again(['off', 'b'], [['a'], ['b']])).toEqual([['b'], ['off']])
    expect(again(['off'], [['a'], ['b']])).toEqual([['off']])
  })
})
