import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Command, Course, EngineEvent } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'

const NO_LIMIT = { hosts: 50, groups: new Map<string, number>(), groupsOf: () => [] }

const course = (stages: readonly (readonly string[])[], more: Partial<Course> = {}): Course => ({
  stages,
  budget: { failures: 0, stageFailures: [], before: [] },
  soak: 0,
  checks: false,
  manual: false,
  onFailure: 'stop',
  parallel: NO_LIMIT,
  ...more,
})

/** A short word for a command, and for what comes with it. */
function word(command: Command): string {
  switch (command.type) {
    case 'stage':
      return `stage ${command.stage}`
    case 'start':
      return command.host
    case 'wake':
      return `wake ${command.at}${command.for ? ` (${command.for})` : ''}`
    case 'check':
      return `check ${command.hosts.join('+')}${command.earlier.length > 0 ? ` after ${command.earlier.join('+')}` : ''}`
    case 'pause':
      return `pause: ${command.why.code}`
    case 'take back':
      return `take back ${command.hosts.join('+')}: ${command.why.code}`
    case 'end':
      return command.why ? `end: ${command.why.code}` : 'end'
    default:
      return command satisfies never
  }
}

/** An engine that has begun, and what it says to each thing that happens. */
function begin(of: Course) {
  const engine = new Engine(of)
  let now = 0
  const tell = (event: EngineEvent) => engine.handle(event, now).map(word)
  return {
    first: tell({ type: 'begun' }),
    settle: (host: string, state: HostState = 'persisted') => tell({ type: 'settled', host, state }),
    at: (time: number) => {
      now = time
      return tell({ type: 'woken' })
    },
    /** Time goes by, and nobody says so. */
    late: (time: number) => {
      now = time
    },
    tell,
    stop: () => tell({ type: 'stopped', why: { code: 'operator', severity: 'error', args: {} } }),
    check: (...failed: readonly string[]) => tell({ type: 'checked', check: { failed } }),
  }
}

const FINDING = { severity: 'error', args: {} } as const

describe('stages', () => {
  it('begin one after the other, each when all of the one before are settled', () => {
    const it = begin(course([['a'], ['b', 'c'], ['d']]))
    expect(it.first).toEqual(['stage 0', 'a'])
    expect(it.settle('a')).toEqual(['stage 1', 'b', 'c'])
    expect(it.settle('c')).toEqual([])
    expect(it.settle('b', 'unchanged')).toEqual(['stage 2', 'd'])
    expect(it.settle('d')).toEqual(['end'])
  })

  it('that are none end at once', () => {
    expect(begin(course([])).first).toEqual(['end'])
  })

  it('soak, and are checked together with those before', () => {
    const it = begin(course([['a'], ['b']], { soak: 30, checks: true }))
    expect(it.settle('a')).toEqual(['wake 30 (soak)'])
    expect(it.at(20)).toEqual([])
    expect(it.at(30)).toEqual(['check a'])
    expect(it.check()).toEqual(['stage 1', 'b'])
    expect(it.settle('b')).toEqual(['wake 60 (soak)'])
    expect(it.at(60)).toEqual(['check b after a'])
    expect(it.check()).toEqual(['end'])
  })

  it('wait for whoever promotes them, but the first', () => {
    const it = begin(course([['a'], ['b']], { manual: true }))
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
    const it = begin(course([['d1', 'd2', 'w1', 'w2', 'w3']], { parallel }))
    expect(it.first).toEqual(['stage 0', 'd1', 'w1', 'w2'])
    expect(it.settle('w1')).toEqual(['w3'])
    expect(it.settle('w2')).toEqual([])
    expect(it.settle('d1')).toEqual(['d2'])
  })
})

describe('the budget', () => {
  const three = [['a', 'b', 'c'], ['d']]
  it.each([0, 1, 2])('bears %i failures and not one more', failures => {
    const it = begin(course([...three], { budget: { failures, stageFailures: [], before: [] } }))
    const said = ['a', 'b', 'c'].map((host, at) => it.settle(host, at <= failures ? 'reverted' : 'persisted'))
    expect(said.at(-1)).toEqual(['end: budget-spent'])
    const same = begin(course([...three], { budget: { failures, stageFailures: [], before: [] } }))
    for (const [at, host] of ['a', 'b'].entries()) same.settle(host, at < failures ? 'failed' : 'persisted')
    expect(same.settle('c')).toEqual(['stage 1', 'd'])
  })

  it('lets hosts in flight come to their end, and starts none', () => {
    const it = begin(course([['a', 'b', 'c']], { parallel: { ...NO_LIMIT, hosts: 2 } }))
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
    expect(begin(course([['a']], { budget })).first).toEqual(['end: budget-spent'])
  })

  it('of a stage is that stage alone', () => {
    const budget = { failures: 9, stageFailures: [0, 1], before: [] }
    const it = begin(course([['a'], ['b', 'c']], { budget }))
    it.settle('a')
    it.settle('b', 'failed')
    expect(it.settle('c', 'failed')).toEqual(['end: stage-budget-spent'])
  })

  it('passes unreachable hosts over where it is told to, up to a number', () => {
    const budget = { failures: 0, stageFailures: [], skipped: 1, before: [] }
    const it = begin(course([['a', 'b'], ['c']], { budget }))
    it.settle('a', 'unreachable')
    expect(it.settle('b')).toEqual(['stage 1', 'c'])
    expect(it.settle('c', 'unreachable')).toEqual(['end: too-many-skipped'])
  })

  it('counts hosts that do not pass their check', () => {
    const it = begin(course([['a', 'b'], ['c']], { checks: true }))
    it.settle('a')
    it.settle('b')
    expect(it.check('a')).toEqual(['end: budget-spent'])
  })

  it('counts a host once, however many checks it does not pass', () => {
    const budget = { failures: 1, stageFailures: [1, 0, 0], before: [] }
    const it = begin(course([['a'], ['b'], ['c']], { checks: true, budget }))
    it.settle('a')
    expect(it.check('a')).toEqual(['stage 1', 'b'])
    it.settle('b')
    expect(it.check('a')).toEqual(['stage 2', 'c'])
    it.settle('c')
    expect(it.check('a', 'b')).toEqual(['end: budget-spent'])
  })

  it('takes a host that somebody has accepted as accepted', () => {
    const it = begin(course([['a'], ['b']], { checks: true, onFailure: 'pause' }))
    it.settle('a')
    expect(it.check('a')).toEqual(['pause: budget-spent'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 1', 'b'])
    it.settle('b')
    expect(it.check('a')).toEqual(['end'])
  })
})

describe('a failure', () => {
  const failing = (onFailure: Course['onFailure']) => {
    const it = begin(course([['a'], ['b', 'c', 'x'], ['d']], { onFailure }))
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
    const of = course([['a', 'b']], { onFailure: 'pause', checks: true, parallel: { ...NO_LIMIT, hosts: 1 } })
    const it = begin(of)
    expect(it.settle('a', 'failed')).toEqual(['pause: budget-spent'])
    expect(it.tell({ type: 'promoted' })).toEqual(['b'])
    expect(it.settle('b')).toEqual(['check b'])
  })

  it('of nothing single, and what cannot be said', () => {
    const it = begin(course([['a'], ['b']], { checks: true, onFailure: 'revert-all' }))
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

describe('a stop', () => {
  it('ends while nothing is in flight, and waits for a check', () => {
    const paused = begin(course([['a'], ['b']], { manual: true }))
    paused.settle('a')
    expect(paused.stop()).toEqual(['end: operator'])
    const soaking = begin(course([['a'], ['b']], { soak: 5 }))
    soaking.settle('a')
    expect(soaking.stop()).toEqual(['end: operator'])
    expect(soaking.at(5)).toEqual([])
    const checking = begin(course([['a'], ['b']], { checks: true }))
    checking.settle('a')
    expect(checking.stop()).toEqual([])
    expect(checking.check()).toEqual(['end: operator'])
  })
})

describe('a stop that comes too late', () => {
  const STOPPED = { type: 'stopped', why: { code: 'stopped', severity: 'error', args: {} } } as const

  it('ends nothing early: every host is done, or there was none', () => {
    const it = begin(course([['a']]))
    expect(it.tell(STOPPED)).toEqual([])
    expect(it.settle('a')).toEqual(['end'])
    expect(new Engine(course([])).handle(STOPPED, 0)).toEqual([{ type: 'end' }])
  })

  it('still ends a soak, a pause and a budget that is spent', () => {
    const soaking = begin(course([['a']], { soak: 5 }))
    soaking.settle('a')
    expect(soaking.tell(STOPPED)).toEqual(['end: stopped'])
    const paused = begin(course([['a']], { onFailure: 'pause' }))
    paused.settle('a', 'failed')
    expect(paused.tell(STOPPED)).toEqual(['end: stopped'])
    const spent = begin(course([['a']]))
    spent.tell(STOPPED)
    expect(spent.settle('a', 'failed')).toEqual(['end: stopped'])
  })
})

describe('the window', () => {
  it('opens, and closes in the middle of a stage', () => {
    const of = course([['a', 'b']], { notBefore: 10, notAfter: 20, parallel: { ...NO_LIMIT, hosts: 1 } })
    const it = begin(of)
    expect(it.first).toEqual(['wake 10 (window)', 'wake 20'])
    expect(it.at(9)).toEqual([])
    expect(it.at(10)).toEqual(['stage 0', 'a'])
    expect(it.at(20)).toEqual([])
    expect(it.settle('a')).toEqual(['end: window-over'])
  })

  it('is waited for by nobody who has nothing to start', () => {
    expect(begin(course([], { notBefore: 10 })).first).toEqual(['wake 10', 'end'])
  })
})

describe('the time of all of it', () => {
  const one = { ...NO_LIMIT, hosts: 1 }

  it('is a stop with its own reason: hosts in flight come to their end', () => {
    const it = begin(course([['a', 'b']], { overdueAt: 30, parallel: one }))
    expect(it.first).toEqual(['wake 30', 'stage 0', 'a'])
    expect(it.at(30)).toEqual([])
    expect(it.settle('a')).toEqual(['end: run-overdue'])
  })

  it('ends a pause, a soak, and a wait for the window', () => {
    const paused = begin(course([['a'], ['b']], { overdueAt: 30, manual: true }))
    paused.settle('a')
    expect(paused.at(30)).toEqual(['end: run-overdue'])
    const soaking = begin(course([['a'], ['b']], { overdueAt: 30, soak: 50 }))
    soaking.settle('a')
    expect(soaking.at(30)).toEqual(['end: run-overdue'])
    const closed = begin(course([['a']], { overdueAt: 30, notBefore: 50 }))
    expect(closed.at(30)).toEqual(['end: run-overdue'])
  })

  it('is up when it is up, whoever says something first', () => {
    const it = begin(course([['a'], ['b']], { overdueAt: 30, manual: true }))
    it.settle('a')
    it.late(30)
    expect(it.tell({ type: 'promoted' })).toEqual(['end: run-overdue'])
    expect(begin(course([['a']], { overdueAt: 0 })).first).toEqual(['end: run-overdue'])
  })

  it('is no matter where nothing is missing', () => {
    const it = begin(course([['a'], ['b', 'c']], { overdueAt: 30 }))
    it.settle('a')
    it.settle('b')
    expect(it.at(30)).toEqual([])
    expect(it.settle('c')).toEqual(['end'])
    const checked = begin(course([['a']], { overdueAt: 30, checks: true }))
    checked.settle('a')
    expect(checked.at(30)).toEqual([])
    expect(checked.check()).toEqual(['end'])
  })

  it('does not keep a failure from what follows it, before or after', () => {
    const of = course([['a'], ['b', 'c'], ['d']], { overdueAt: 30, onFailure: 'revert-all' })
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
    const it = begin(course([['a', 'b']], { overdueAt: 30, onFailure: 'revert-all' }))
    it.settle('a')
    it.stop()
    it.late(30)
    expect(it.settle('b', 'failed')).toEqual(['end: operator'])
  })

  it('lets nobody be waited for', () => {
    const of = course([['a', 'b'], ['c']], { overdueAt: 30, onFailure: 'pause', checks: true })
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
    const inconclusive = { code: 'gate-silent', ...FINDING }
    expect(unsure.tell({ type: 'checked', check: { failed: [], inconclusive } })).toEqual([
      'end: gate-silent',
    ])
  })
})
