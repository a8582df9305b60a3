import { describe, expect, it } from 'vitest'
import type { FakeHost } from './fake-host.ts'
import { rollWith } from './roll-world.ts'
import type { VirtualClock } from './virtual-clock.ts'

/* What a rollout waits for, and for how long: gates, queries, and each host's own time. */

it('a gate that says yes when the time to confirm is over is late, and no lockout', async () => {
  const gate = async (host: FakeHost, clock: VirtualClock) => {
    if (host.inForce === 2) await clock.sleep(55_000)
    return 'pass' as const
  }
  const { words, fleet } = await rollWith({ hosts: { a: 'good' }, stages: [['a']], gate })
  expect(words).toEqual({ a: 'reverted: gates-late' })
  expect(fleet.get('a')?.verbs).toEqual(['arm', 'await', 'rollback'])
})

describe('a query', () => {
  const slow = async (clock: VirtualClock) => {
    await clock.sleep(5000)
    return 'pass' as const
  }

  it('is asked, and has answered, before anything is changed', async () => {
    const wish = { hosts: { a: 'good' }, stages: [['a']], checks: true, query: slow } as const
    const { all, words } = await rollWith(wish)
    const told = all.flatMap(event => {
      if (event.type === 'host-gate') return [event.when]
      return event.type === 'host-step' ? [event.step] : []
    })
    expect(told.slice(0, 2)).toEqual(['before', 'arming'])
    expect(told.at(-1)).toBe('stage')
    expect(words).toEqual({ a: 'persisted' })
  })

  it('is asked when the window opens, and not when the command starts: what it said then is hours old', async () => {
    const asked: number[] = []
    const query = async (clock: VirtualClock) => {
      asked.push(clock.now())
      return clock.now() < 7_200_000 ? 'fail' : 'pass'
    }
    const wish = { hosts: { a: 'good' }, stages: [['a']], notBefore: 7_200_000, checks: true } as const
    const { all, words } = await rollWith({ ...wish, query })
    expect(asked).toHaveLength(2)
    expect(asked.filter(moment => moment < 7_200_000)).toEqual([])
    expect(all.flatMap(event => (event.type === 'host-gate' ? [`${event.when} ${event.is}`] : []))).toEqual([
      'before pass',
      'stage pass',
    ])
    expect(words).toEqual({ a: 'persisted' })
  })

  it('holds up nobody who says stop, or whose time is up, while it is asked', async () => {
    const wish = {
      hosts: { a: 'good' },
      stages: [['a']],
      query: () => new Promise<never>(() => undefined),
    } as const
    const late = await rollWith({ ...wish, overdueAt: 30_000 })
    expect([late.words, late.why]).toEqual([{ a: 'not started' }, 'run-overdue'])
    const stopped = await rollWith({ ...wish, stopAt: 1000 })
    expect([stopped.words, stopped.why]).toEqual([{ a: 'not started' }, 'stopped'])
  })

  it('is not asked where nobody is to be changed', async () => {
    const { all } = await rollWith({ hosts: { a: 'unchanged' }, stages: [], query: slow })
    expect(all.filter(({ type }) => type === 'host-gate')).toEqual([])
  })

  it('that hangs holds up no stop: nobody is started, and nothing is noted of it', async () => {
    const { words, all } = await rollWith({
      hosts: { a: 'good' },
      stages: [['a']],
      query: () => new Promise(() => undefined),
      stopAt: 1000,
    })
    expect(words).toEqual({ a: 'not started' })
    expect(all.filter(({ type }) => type === 'host-gate')).toEqual([])
  })
})

describe('the time that a host has', () => {
  it('ends what is waited for; the host goes back, and what became of it is read', async () => {
    const { words, fleet, clock } = await rollWith({
      hosts: { a: 'hangs' },
      stages: [['a']],
      hostTimeout: 20_000,
    })
    expect(words).toEqual({ a: 'reverted: host-overdue' })
    expect(fleet.get('a')?.verbs).toEqual(['arm', 'await', 'status', 'rollback'])
    expect(clock.now()).toBeLessThan(25_000)
  })

  it('ends the handing over: what is still on its way there must not begin', async () => {
    const { words, fleet } = await rollWith({ hosts: { a: 'deaf' }, stages: [['a']], hostTimeout: 20_000 })
    expect(words).toEqual({ a: 'failed: host-overdue' })
    expect(fleet.get('a')?.verbs).toEqual(['arm', 'status', 'rollback'])
  })

  it.each([
    [1, 'failed: host-overdue', []],
    [2, 'reverted: host-overdue', ['arm', 'await', 'status', 'rollback']],
  ])('ends a gate that hangs while generation %i is in force', async (hangsAt, state, verbs) => {
    const gate = (host: FakeHost) => (host.inForce === hangsAt ? new Promise<never>(() => undefined) : 'pass')
    const wish = { hosts: { a: 'good' }, stages: [['a']], hostTimeout: 20_000 } as const
    const { words, fleet, clock } = await rollWith({ ...wish, gate })
    expect(words).toEqual({ a: state })
    expect(fleet.get('a')?.verbs).toEqual(verbs)
    expect(clock.now()).toBeLessThan(25_000)
  })

  it('never cuts a confirmation short', async () => {
    const { words, fleet } = await rollWith({ hosts: { a: 'slow' }, stages: [['a']], hostTimeout: 20_000 })
    expect(words).toEqual({ a: 'persisted' })
    expect(fleet.get('a')?.verbs).toEqual(['arm', 'await', 'confirm'])
  })

  it('is no matter for one that is quick, and none waits for it', async () => {
    const { words, clock } = await rollWith({ hosts: { a: 'good' }, stages: [['a']], hostTimeout: 1e6 })
    expect(words).toEqual({ a: 'persisted' })
    expect(clock.isAwaited).toBe(false)
  })
})
