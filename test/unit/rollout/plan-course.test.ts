import { describe, expect, it } from 'vitest'
import type { Rollout } from '../../../src/config/rollout.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Standing } from '../../../src/rollout/course.ts'
import { type Left, planCourse } from '../../../src/rollout/plan-course.ts'
import { finding } from '../events.ts'

const AT_THE_BEGINNING: Standing = { stage: -1, isChecked: false, isPromoted: false }

const course = (hosts: readonly string[], wish: Rollout, left: Partial<Left>, before: HostState[] = []) =>
  planCourse(wish, {
    changing: hosts.map(host => ({ host, groups: [], roles: [] })),
    before,
    left: { ...AT_THE_BEGINNING, frozen: [], hosts: [], ...left },
    hosts: 50,
    now: 0,
    wall: 0,
    began: 0,
  })

const again = (hosts: readonly string[], frozen: Left['frozen']) => course(hosts, {}, { frozen }).stages

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

describe('the window of a run that is gone on with', () => {
  const opens = (wish: Rollout, stage: number) =>
    course(['b'], wish, { frozen: [['a'], ['b']], stage }).notBefore !== undefined

  it('is not waited for once more where it opened before, unless it is one of every day', () => {
    expect(opens({ notBefore: '12:01' }, 0)).toBe(false)
    expect(opens({ notBefore: '12:01' }, -1)).toBe(true)
    expect(opens({ notBefore: '12:01', notAfter: '12:02' }, 0)).toBe(true)
  })
})

describe('the end of a window that says nothing of its beginning', () => {
  const HOUR = 3_600_000
  const closes = (notAfter: string, since?: number) =>
    planCourse(
      { notAfter },
      {
        changing: [],
        before: [],
        hosts: 50,
        now: 1000,
        wall: NOON,
        began: 0,
        left: { ...AT_THE_BEGINNING, frozen: [], hosts: [], ...(since === undefined ? {} : { since }) },
      },
    ).notAfter

  it('is the first after the run began, also for who goes on with it later', () => {
    expect(closes('11:00', NOON - 2 * HOUR)).toBe(1000 - HOUR)
    expect(closes('13:00', NOON - 2 * HOUR)).toBe(1000 + HOUR)
  })

  it('is the next one for a run that has an end', () => {
    expect(closes('11:00')).toBe(1000 + 23 * HOUR)
  })
})

describe('canaries without stages', () => {
  it('are the first stage, and all others the second', () => {
    const hosts = ['a', 'b', 'c'].map(host => ({ host, groups: host === 'b' ? ['web'] : [], roles: [] }))
    const at = { before: [], hosts: 50, now: 0, wall: 0, began: 0 }
    const stagesWith = (wish: Rollout) => planCourse(wish, { ...at, changing: hosts }).stages
    expect(stagesWith({ canaries: { web: 1 } })).toEqual([['b'], ['a', 'c']])
    expect(stagesWith({ canaries: { nobody: 1 } })).toEqual([['a', 'b', 'c']])
    expect(stagesWith({ canaries: { web: 1 }, stages: ['100%'] })).toEqual([['b', 'a', 'c']])
  })
})

describe('what is wished for', () => {
  const at = { before: [], hosts: 50, now: 0, wall: 0, began: 0 }
  const zones = ['a1', 'a2', 'a3', 'b1', 'b2'].map(host => ({
    host,
    groups: [],
    roles: [],
    zone: host[0] ?? '',
  }))
  const orderOf = (wish: Rollout) => planCourse(wish, { ...at, changing: zones }).stages.flat()

  it('counts a host once towards a group and a role of one name', () => {
    const changing = [{ host: 'a', groups: ['web', 'all'], roles: ['web', 'db'] }]
    const { parallel } = planCourse({ maxParallel: { web: 2 } }, { ...at, changing })
    expect(parallel.groups).toEqual(new Map([['web', 2]]))
    expect(parallel.groupsOf('a').toSorted()).toEqual(['all', 'db', 'web'])
  })

  it('takes hosts from one zone after the other, or in an order of its own', () => {
    expect(orderOf({})).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    expect(orderOf({ spread: 'zone' })).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
    expect(orderOf({ shuffle: '1' })).not.toEqual(orderOf({}))
    expect(orderOf({ shuffle: '1' })).not.toEqual(orderOf({ shuffle: '2' }))
  })
})

describe('the stages of a run that is gone on with', () => {
  it('are those that were frozen, less what is done', () => {
    expect(again(['b', 'd', 'c'], [['a'], ['b', 'c'], ['d']])).toEqual([[], ['b', 'c'], ['d']])
  })

  it('end with the hosts that could not be looked at then', () => {
    expect(again(['off', 'b'], [['a'], ['b']])).toEqual([[], ['b'], ['off']])
    expect(again(['off'], [['a'], ['b']])).toEqual([[], [], ['off']])
    expect(course(['off'], {}, { frozen: [['a'], ['b']] }).hasLate).toBe(true)
    expect(course(['b'], {}, { frozen: [['a'], ['b']] })).not.toHaveProperty('hasLate')
  })

  it('are one where nobody asked for any, also with hosts that could not be looked at then', () => {
    const hosts = [{ host: 'late', state: 'persisted' }] as const
    const one = course(['off', 'b'], {}, { frozen: [['a', 'b']], hosts })
    expect(one.stages).toEqual([['b', 'off']])
    expect(one.past?.hosts).toEqual([{ host: 'late', state: 'persisted', stage: 0 }])
    expect(course(['off', 'b'], { stages: [1] }, { frozen: [['b']] }).stages).toEqual([['b'], ['off']])
  })

  it('bear no failure, as stages do, whatever the flags are now', () => {
    expect(course(['b'], {}, { frozen: [['a'], ['b']] }).budget.failures).toBe(0)
    expect(course(['b'], {}, { frozen: [['a', 'b']] }).budget.failures).toBe(Number.POSITIVE_INFINITY)
    expect(course(['b'], { maxFailures: 2 }, { frozen: [['a'], ['b']] }).budget.failures).toBe(2)
  })

  it('take shares of failures of all hosts that they had', () => {
    const hosts = ['a', 'c'].map(host => ({ host, state: 'persisted' }) as const)
    const frozen = [['a'], ['b', 'c', 'd']]
    const { budget } = course(['b', 'd'], { maxFailures: '50%', maxStageFailures: '34%' }, { frozen, hosts })
    expect(budget).toMatchObject({ failures: 2, stageFailures: [0, 1] })
  })

  it('know where each host stood that is not changed any more', () => {
    const hosts = [
      { host: 'a', state: 'persisted' },
      { host: 'b', state: 'reverted' },
      { host: 'off', state: 'unreachable' },
      { host: 'late', state: 'persisted' },
    ] as const
    const { past } = course(['c'], {}, { frozen: [['a'], ['b', 'c']], hosts, stage: 1 })
    expect(past).toMatchObject({ stage: 1, isChecked: false })
    expect(past?.hosts.map(({ host, stage }) => [host, stage])).toEqual([
      ['a', 0],
      ['b', 1],
      ['off', undefined],
      ['late', 2],
    ])
  })

  it('begin once more where a host of an earlier one is tried again', () => {
    const paused = finding('wants-promotion')
    const { past } = course(['a'], {}, { frozen: [['a'], ['b']], stage: 1, paused })
    expect(past).toEqual({ stage: -1, isChecked: true, isPromoted: true, hosts: [] })
  })
})
