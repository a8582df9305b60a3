import { describe, expect, it } from 'vitest'
import { HOST_STATES } from '../../../src/model/host-state.ts'
import type { Course } from '../../../src/rollout/course.ts'
import { atOnce, begin, courseOf } from './engine-steps.ts'

const FINDING = { severity: 'error', args: {} } as const

describe('stages', () => {
  it('begin one after the other, each when all of the one before are settled', () => {
    const it = begin(courseOf([['a'], ['b', 'c'], ['d']]))
    expect(it.first).toEqual(['stage 0', 'a'])
    expect(it.settle('a')).toEqual(['stage 1', 'b', 'c'])
    expect(it.settle('c')).toEqual([])
    expect(it.settle('b', 'unchanged')).toEqual(['stage 2', 'd'])
    expect(it.settle('d')).toEqual(['end'])
  })

  it('that are none end at once', () => {
    expect(begin(courseOf([])).first).toEqual(['end'])
  })

  it('soak, and are checked together with those before', () => {
    const it = begin(courseOf([['a'], ['b']], { soak: 30, checks: true }))
    expect(it.settle('a')).toEqual(['wake 30 (soak)'])
    expect(it.at(20)).toEqual([])
    expect(it.at(30)).toEqual(['check a'])
    expect(it.check()).toEqual(['stage 1', 'b'])
    expect(it.settle('b')).toEqual(['wake 60 (soak)'])
    expect(it.at(60)).toEqual(['check b after a'])
    expect(it.check()).toEqual(['end'])
  })

  it('wait for whoever promotes them, but the first', () => {
    const it = begin(courseOf([['a'], ['b']], { manual: true }))
    expect(it.first).toEqual(['stage 0', 'a'])
    expect(it.settle('a')).toEqual(['pause: wants-promotion'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 1', 'b'])
    expect(it.tell({ type: 'promoted' }), 'a second time').toEqual([])
    expect(it.settle('b')).toEqual(['end'])
  })
})

describe('hosts in flight', () => {
  it('are as many as may be, of all and of a group', () => {
    const groups = new Map([['db', 1]])
    const groupsOf = (host: string) => (host.startsWith('d') ? ['db'] : [])
    const parallel = { hosts: 3, groups, groupsOf }
    const it = begin(courseOf([['d1', 'd2', 'w1', 'w2', 'w3']], { parallel }))
    expect(it.first).toEqual(['stage 0', 'd1', 'w1', 'w2'])
    expect(it.settle('w1')).toEqual(['w3'])
    expect(it.settle('w2')).toEqual([])
    expect(it.settle('d1')).toEqual(['d2'])
  })
})

describe('the budget', () => {
  const three = [['a', 'b', 'c'], ['d']]
  it.each([0, 1, 2])('bears %i failures and not one more', failures => {
    const it = begin(courseOf([...three], { budget: { failures, stageFailures: [], before: [] } }))
    const said = ['a', 'b', 'c'].map((host, at) => it.settle(host, at <= failures ? 'reverted' : 'persisted'))
    expect(said.at(-1)).toEqual(['end: budget-spent'])
    const same = begin(courseOf([...three], { budget: { failures, stageFailures: [], before: [] } }))
    for (const [at, host] of ['a', 'b'].entries()) same.settle(host, at < failures ? 'failed' : 'persisted')
    expect(same.settle('c')).toEqual(['stage 1', 'd'])
  })

  it.each(HOST_STATES)('is for all that is neither unchanged nor persisted: %s', state => {
    const it = begin(courseOf([['a'], ['b']]))
    const isGood = state === 'unchanged' || state === 'persisted'
    expect(it.settle('a', state)).toEqual(isGood ? ['stage 1', 'b'] : ['end: budget-spent'])
  })

  it('lets hosts in flight come to their end, and starts none', () => {
    const it = begin(courseOf([['a', 'b', 'c']], { parallel: atOnce(2) }))
    expect(it.first).toEqual(['stage 0', 'a', 'b'])
    expect(it.settle('a', 'reverted')).toEqual([])
    expect(it.settle('b')).toEqual(['end: budget-spent'])
  })

  it('counts what failed before it began', () => {
    const budget = {
      failures: 1,
      stageFailures: [],
      before: ['refused', 'unreachable', 'unchanged'] as const,
    }
    expect(begin(courseOf([['a']], { budget })).first).toEqual(['end: budget-spent'])
  })

  it('of a stage is that stage alone', () => {
    const budget = { failures: 9, stageFailures: [0, 1], before: [] }
    const it = begin(courseOf([['a'], ['b', 'c']], { budget }))
    it.settle('a')
    it.settle('b', 'failed')
    expect(it.settle('c', 'failed')).toEqual(['end: stage-budget-spent'])
  })

  it('passes unreachable hosts over where it is told to, up to a number', () => {
    const budget = { failures: 0, stageFailures: [], skipped: 1, before: [] }
    const it = begin(courseOf([['a', 'b'], ['c']], { budget }))
    it.settle('a', 'unreachable')
    expect(it.settle('b')).toEqual(['stage 1', 'c'])
    expect(it.settle('c', 'unreachable')).toEqual(['end: too-many-skipped'])
  })

  it('counts hosts that do not pass their check', () => {
    const it = begin(courseOf([['a', 'b'], ['c']], { checks: true }))
    it.settle('a')
    it.settle('b')
    expect(it.check('a')).toEqual(['end: budget-spent'])
  })

  it('counts a host once, however many checks it does not pass', () => {
    const budget = { failures: 1, stageFailures: [1, 0, 0], before: [] }
    const it = begin(courseOf([['a'], ['b'], ['c']], { checks: true, budget }))
    it.settle('a')
    expect(it.check('a')).toEqual(['stage 1', 'b'])
    it.settle('b')
    expect(it.check('a')).toEqual(['stage 2', 'c'])
    it.settle('c')
    expect(it.check('a', 'b')).toEqual(['end: budget-spent'])
  })

  it('takes a host that somebody has accepted as accepted', () => {
    const it = begin(courseOf([['a'], ['b']], { checks: true, onFailure: 'pause' }))
    it.settle('a')
    expect(it.check('a')).toEqual(['pause: budget-spent'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 1', 'b'])
    it.settle('b')
    expect(it.check('a')).toEqual(['end'])
  })
})

describe('a failure', () => {
  const failing = (onFailure: Course['onFailure']) => {
    const it = begin(courseOf([['a'], ['b', 'c', 'x'], ['d']], { onFailure }))
    it.settle('a')
    it.settle('b')
    it.settle('x', 'unknown')
    return it
  }

  it('stops', () => {
    expect(failing('stop').settle('c')).toEqual(['end: budget-spent'])
  })

  it('takes back what persisted in the stage, or in all', () => {
    expect(failing('revert-stage').settle('c')).toEqual(['take back b+c: budget-spent'])
    const it = failing('revert-all')
    expect(it.settle('c')).toEqual(['take back a+b+c: budget-spent'])
    expect(it.stop(), 'nothing stops that').toEqual([])
    expect(it.tell({ type: 'taken back' })).toEqual(['end: budget-spent'])
  })

  it('pauses, and who promotes accepts it', () => {
    const it = failing('pause')
    expect(it.settle('c')).toEqual(['pause: budget-spent'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 2', 'd'])
    expect(it.settle('d', 'failed')).toEqual(['pause: budget-spent'])
    expect(it.stop()).toEqual(['end: operator'])
  })

  it('in the middle of a stage that pauses goes on with that stage', () => {
    const of = courseOf([['a', 'b']], { onFailure: 'pause', checks: true, parallel: atOnce(1) })
    const it = begin(of)
    expect(it.settle('a', 'failed')).toEqual(['pause: budget-spent'])
    expect(it.tell({ type: 'promoted' })).toEqual(['b'])
    expect(it.settle('b')).toEqual(['check b'])
  })

  it('of nothing single, and what cannot be said', () => {
    const it = begin(courseOf([['a'], ['b']], { checks: true, onFailure: 'revert-all' }))
    it.settle('a')
    const inconclusive = { code: 'gate-silent', ...FINDING }
    expect(it.tell({ type: 'checked', check: { failed: [], inconclusive } })).toEqual(['pause: gate-silent'])
    it.tell({ type: 'promoted' })
    it.settle('b')
    const broken = { code: 'query-failed', ...FINDING }
    expect(it.tell({ type: 'checked', check: { failed: [], broken } })).toEqual([
      'take back a+b: query-failed',
    ])
  })
})
