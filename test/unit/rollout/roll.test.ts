import { describe, expect, it } from 'vitest'
import { FleetError } from '../../../src/model/error.ts'
import type { FakeHost, Kind } from './fake-host.ts'
import { rollWith } from './roll-world.ts'

/* All of a rollout but the first look, over hosts that answer as they are told to: which events come, and in which order. */

describe('what a rollout tells', () => {
  it('keeps no connection open until the window, and looks again when it opens', async () => {
    const { words, all } = await rollWith({ hosts: { a: 'good' }, stages: [['a']], notBefore: 10_000 })
    expect(words).toEqual({ a: 'persisted' })
    expect(all.flatMap(event => (event.type === 'host-step' ? [event.step] : [])).slice(0, 2)).toEqual([
      'observing',
      'arming',
    ])
  })

  it('is of each host that no stage has, too', async () => {
    const { words, why } = await rollWith({ hosts: { a: 'good', b: 'good' }, stages: [['a']] })
    expect(words).toEqual({ a: 'persisted', b: 'not started: beyond-stages' })
    expect(why).toBeUndefined()
  })

  it('is the frozen list, each stage, and one end for each host', async () => {
    const { events, words, why } = await rollWith({
      hosts: { same: 'unchanged', no: 'refused', a: 'good', b: 'slow', c: 'good' },
      stages: [['a'], ['b', 'c']],
      budget: { failures: 1, stageFailures: [], before: ['refused'] },
      checks: true,
    })
    expect(events).toEqual([
      'same unchanged',
      'no refused',
      'planned a b+c',
      'apply a 1/2',
      'a persisted',
      'check a',
      'a checked',
      'apply b+c 2/2',
      'b persisted',
      'c persisted',
      'check a+b+c',
      'a checked',
      'b checked',
      'c checked',
    ])
    expect(words).toEqual({
      same: 'unchanged',
      no: 'refused',
      a: 'persisted',
      b: 'persisted',
      c: 'persisted',
    })
    expect(why).toBeUndefined()
  })

  it.each([
    [1, { a: 'persisted', b: 'refused: host-changed', c: 'persisted' }, undefined],
    [0, { a: 'persisted', b: 'refused: host-changed', c: 'not started' }, 'budget-spent'],
  ])(
    'is that a host is another by its turn, which is refused, with a budget of %i',
    async (failures, is, end) => {
      const { words, why, fleet, all } = await rollWith({
        hosts: { a: 'good', b: 'drifts', c: 'good' },
        stages: [['a'], ['b'], ['c']],
        budget: { failures, stageFailures: [], before: [] },
      })
      expect(words).toEqual(is)
      expect(why).toBe(end)
      expect(fleet.get('b')?.verbs).not.toContain('arm')
      const refused = all.find(event => event.type === 'host-settled' && event.host === 'b')
      expect(refused).toMatchObject({ finding: { args: { what: 'rules' } } })
    },
  )

  it('numbers no stage where only hosts are left that had no place in the stages', async () => {
    const numbers = async (stages: readonly (readonly string[])[], hasLate: boolean) => {
      const { events } = await rollWith({ hosts: { a: 'good', b: 'good' }, stages, hasLate })
      return events.filter(word => word.startsWith('apply'))
    }
    expect(await numbers([[], [], ['a']], true)).toEqual(['apply a 3/undefined'])
    expect(await numbers([[], [], ['a']], false)).toEqual(['apply a 3/3'])
    expect(await numbers([[], ['b'], ['a']], true)).toEqual(['apply b 2/3', 'apply a 3/3'])
  })

  it('of a budget that is spent: who was never started, and why it stopped', async () => {
    const { events, words, why } = await rollWith({
      hosts: { a: 'good', b: 'locks out', c: 'good', d: 'good' },
      stages: [['a', 'b', 'c'], ['d']],
    })
    expect(events).toEqual([
      'planned a+b+c d',
      'apply a+b+c 1/2',
      'a persisted',
      'b reverted: rolled-back',
      'c not started',
      'd not started',
      'stopped: budget-spent',
    ])
    expect(words).toEqual({
      a: 'persisted',
      b: 'reverted: rolled-back',
      c: 'not started',
      d: 'not started',
    })
    expect(why).toBe('budget-spent')
  })

  it.each<[Kind, string]>([
    ['dead', 'unreachable: connect-timeout'],
    ['unloadable', 'refused: host-unloadable'],
    ['locks out', 'reverted: rolled-back'],
  ])('of a host of a later stage that is %s', async (kind, expected) => {
    const { words } = await rollWith({ hosts: { a: 'good', b: kind }, stages: [['a'], ['b']] })
    expect(words).toEqual({ a: 'persisted', b: expected })
  })

  it('of a host that does not pass its check any more: it has persisted, and counts as failed', async () => {
    const { events, words, why, all } = await rollWith({
      hosts: { a: 'spoils', b: 'good' },
      stages: [['a'], ['b']],
      checks: true,
    })
    expect(events).toEqual([
      'planned a b',
      'apply a 1/2',
      'a persisted',
      'check a',
      'a checked: not-as-left',
      'b not started',
      'stopped: budget-spent',
    ])
    expect(words).toEqual({ a: 'persisted: not-as-left', b: 'not started' })
    expect(why).toBe('budget-spent')
    expect(all.filter(event => event.type === 'host-settled' && event.host === 'a')).toHaveLength(1)
  })

  it('of a host that nobody came to check any more', async () => {
    const error = new FleetError('aborted', {}, { hostState: 'not started' })
    const { words } = await rollWith({
      hosts: { a: 'good', b: 'good' },
      stages: [['a', 'b']],
      checks: true,
      instead: { host: 'b', error },
    })
    expect(words).toEqual({ a: 'persisted', b: 'persisted: lost-again' })
  })

  it('of a pause, and of whoever says no', async () => {
    const wish = { hosts: { a: 'good', b: 'good' }, stages: [['a'], ['b']], manual: true } as const
    const yes = await rollWith({ ...wish, says: true })
    expect(yes.events.slice(2)).toEqual([
      'a persisted',
      'paused: wants-promotion',
      'rollout-promoted',
      'apply b 2/2',
      'b persisted',
    ])
    const no = await rollWith({ ...wish, says: false })
    expect(no.events.slice(2)).toEqual([
      'a persisted',
      'paused: wants-promotion',
      'b not started',
      'stopped: stopped',
    ])
    expect(yes.pausedBefore, 'a promotion from before is forgotten before the pause is told').toBe(false)
  })
})

describe('taking back', () => {
  const wish = {
    hosts: { a: 'good', b: 'stays', c: 'locks out', d: 'good' },
    stages: [['a'], ['b', 'c'], ['d']],
    onFailure: 'revert-all',
  } as const

  it('tells who goes back, and a second end of each', async () => {
    const { events, words, fleet } = await rollWith(wish)
    expect(events.slice(events.indexOf('c reverted: rolled-back') + 1)).toEqual([
      'taking back a+b: budget-spent',
      'take back a+b',
      'a reverted: taken-back',
      'b persisted: not-taken-back',
      'd not started',
      'stopped: budget-spent',
    ])
    expect(words).toMatchObject({ a: 'reverted: taken-back', b: 'persisted: not-taken-back' })
    expect([...fleet.values()].map(({ generation }) => generation)).toEqual([1, 2, 1, 1])
  })

  it('says of a host whose turn never came that it stands on its new rules', async () => {
    const error = new FleetError('aborted', {}, { hostState: 'not started' })
    const { words, events } = await rollWith({ ...wish, instead: { host: 'a', error } })
    expect(words).toMatchObject({ a: 'persisted: not-taken-back' })
    expect(events).toContain('a persisted: not-taken-back')
  })

  it('never takes a bug for an end', async () => {
    const error = new TypeError('a bug')
    await expect(rollWith({ ...wish, instead: { host: 'a', error } })).rejects.toThrow('a bug')
  })

  it('is kept back by no gate', async () => {
    // Open under the new rules alone.
    const gate = (host: FakeHost) => (host.inForce === 2 ? 'pass' : 'fail')
    const { words } = await rollWith({ ...wish, gate })
    expect(words).toMatchObject({ a: 'reverted: taken-back' })
  })

  it('is kept back by no time that is up', async () => {
    const { words } = await rollWith({
      hosts: { a: 'slow back', c: 'locks out' },
      stages: [['a'], ['c']],
      onFailure: 'revert-all',
      hostTimeout: 20_000,
    })
    expect(words).toMatchObject({ a: 'reverted: taken-back' })
  })
})
