import { describe, expect, it } from 'vitest'
import { Engine } from '../../../src/rollout/engine.ts'
import { finding } from '../events.ts'
import { atOnce, begin, courseOf } from './engine-steps.ts'

/* What ends a rollout besides its hosts: somebody, its window, its time. */

describe('a stop', () => {
  it('ends while nothing is in flight, and waits for a check', () => {
    const paused = begin(courseOf([['a'], ['b']], { manual: true }))
    paused.settle('a')
    expect(paused.stop()).toEqual(['end: operator'])
    const soaking = begin(courseOf([['a'], ['b']], { soak: 5 }))
    soaking.settle('a')
    expect(soaking.stop()).toEqual(['end: operator'])
    expect(soaking.at(5)).toEqual([])
    const checking = begin(courseOf([['a'], ['b']], { checks: true }))
    checking.settle('a')
    expect(checking.stop()).toEqual([])
    expect(checking.check()).toEqual(['end: operator'])
  })
})

describe('a stop that comes too late', () => {
  const STOPPED = { type: 'stopped', why: { code: 'stopped', severity: 'error', args: {} } } as const

  it('ends nothing early: every host is done, or there was none', () => {
    const it = begin(courseOf([['a']]))
    expect(it.tell(STOPPED)).toEqual([])
    expect(it.settle('a')).toEqual(['end'])
    expect(new Engine(courseOf([])).handle(STOPPED, 0)).toEqual([{ type: 'end' }])
  })

  it('still ends a soak, a pause and a budget that is spent', () => {
    const soaking = begin(courseOf([['a']], { soak: 5 }))
    soaking.settle('a')
    expect(soaking.tell(STOPPED)).toEqual(['end: stopped'])
    const paused = begin(courseOf([['a']], { onFailure: 'pause' }))
    paused.settle('a', 'failed')
    expect(paused.tell(STOPPED)).toEqual(['end: stopped'])
    const spent = begin(courseOf([['a']]))
    spent.tell(STOPPED)
    expect(spent.settle('a', 'failed')).toEqual(['end: stopped'])
  })
})

describe('a journal that is lost', () => {
  const LOST = { type: 'stopped', why: finding('journal-lost') } as const

  it('keeps nobody on rules that have to go: what follows a failure still does', () => {
    const it = begin(courseOf([['a'], ['b', 'c'], ['d']], { onFailure: 'revert-all' }))
    it.settle('a')
    it.settle('b', 'failed')
    expect(it.tell(LOST)).toEqual([])
    expect(it.settle('c')).toEqual(['take back a+c: budget-spent'])
  })

  it('ends all else, and what is not started for want of it is no failure', () => {
    const paused = begin(courseOf([['a'], ['b']], { onFailure: 'pause' }))
    paused.settle('a', 'failed')
    expect(paused.tell(LOST)).toEqual(['end: journal-lost'])
    const amid = begin(courseOf([['a', 'b']], { onFailure: 'revert-all' }))
    amid.settle('a')
    amid.tell(LOST)
    expect(amid.settle('b', 'not started')).toEqual(['end: journal-lost'])
  })
})

describe('the window', () => {
  it('opens, and closes in the middle of a stage', () => {
    const of = courseOf([['a', 'b']], { notBefore: 10, notAfter: 20, parallel: atOnce(1) })
    const it = begin(of)
    expect(it.first).toEqual(['wake 10 (window)', 'wake 20'])
    expect(it.at(9)).toEqual([])
    expect(it.at(10)).toEqual(['stage 0', 'a'])
    expect(it.at(20)).toEqual([])
    expect(it.settle('a')).toEqual(['end: window-over'])
  })

  it('is waited for by nobody who has nothing to start', () => {
    expect(begin(courseOf([], { notBefore: 10 })).first).toEqual(['wake 10', 'end'])
  })
})

describe('the time of all of it', () => {
  it('is a stop with its own reason: hosts in flight come to their end', () => {
    const it = begin(courseOf([['a', 'b']], { overdueAt: 30, parallel: atOnce(1) }))
    expect(it.first).toEqual(['wake 30', 'stage 0', 'a'])
    expect(it.at(30)).toEqual([])
    expect(it.settle('a')).toEqual(['end: run-overdue'])
  })

  it('ends a pause, a soak, and a wait for the window', () => {
    const paused = begin(courseOf([['a'], ['b']], { overdueAt: 30, manual: true }))
    paused.settle('a')
    expect(paused.at(30)).toEqual(['end: run-overdue'])
    const soaking = begin(courseOf([['a'], ['b']], { overdueAt: 30, soak: 50 }))
    soaking.settle('a')
    expect(soaking.at(30)).toEqual(['end: run-overdue'])
    const closed = begin(courseOf([['a']], { overdueAt: 30, notBefore: 50 }))
    expect(closed.at(30)).toEqual(['end: run-overdue'])
  })

  it('is up when it is up, whoever says something first', () => {
    const it = begin(courseOf([['a'], ['b']], { overdueAt: 30, manual: true }))
    it.settle('a')
    it.late(30)
    expect(it.tell({ type: 'promoted' })).toEqual(['end: run-overdue'])
    expect(begin(courseOf([['a']], { overdueAt: 0 })).first).toEqual(['end: run-overdue'])
  })

  it('is no matter where nothing is missing', () => {
    const it = begin(courseOf([['a'], ['b', 'c']], { overdueAt: 30 }))
    it.settle('a')
    it.settle('b')
    expect(it.at(30)).toEqual([])
    expect(it.settle('c')).toEqual(['end'])
    const checked = begin(courseOf([['a']], { overdueAt: 30, checks: true }))
    checked.settle('a')
    expect(checked.at(30)).toEqual([])
    expect(checked.check()).toEqual(['end'])
  })

  it('does not keep a failure from what follows it, before or after', () => {
    const of = courseOf([['a'], ['b', 'c'], ['d']], { overdueAt: 30, onFailure: 'revert-all' })
    const before = begin(of)
    before.settle('a')
    before.settle('b', 'failed')
    expect(before.at(30)).toEqual([])
    expect(before.settle('c')).toEqual(['take back a+c: budget-spent'])
    expect(before.tell({ type: 'taken back' })).toEqual(['end: budget-spent'])
    const after = begin(of)
    after.settle('a')
    after.at(30)
    after.settle('b')
    expect(after.settle('c', 'failed')).toEqual(['take back a+b: budget-spent'])
  })

  it('says nothing to a run that somebody has stopped', () => {
    const it = begin(courseOf([['a', 'b']], { overdueAt: 30, onFailure: 'revert-all' }))
    it.settle('a')
    it.stop()
    it.late(30)
    expect(it.settle('b', 'failed')).toEqual(['end: operator'])
  })

  it('lets nobody be waited for', () => {
    const of = courseOf([['a', 'b'], ['c']], { overdueAt: 30, onFailure: 'pause', checks: true })
    const failed = begin(of)
    failed.at(30)
    failed.settle('a', 'failed')
    expect(failed.settle('b')).toEqual(['end: budget-spent'])
    const pausing = begin(of)
    pausing.settle('a', 'failed')
    pausing.at(30)
    expect(pausing.settle('b')).toEqual(['end: budget-spent'])
    const unsure = begin(of)
    unsure.settle('a')
    unsure.settle('b')
    unsure.at(30)
    const inconclusive = finding('gate-silent')
    expect(unsure.tell({ type: 'checked', check: { failed: [], inconclusive } })).toEqual([
      'end: gate-silent',
    ])
  })
})
