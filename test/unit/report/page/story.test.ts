import { describe, expect, it } from 'vitest'
import type { Event } from '../../../../src/model/event.ts'
import { storyOf } from '../../../../src/report/page/story.ts'
import { finding, stage } from '../../events.ts'

const tell = (...events: readonly [number, Event][]) =>
  storyOf(events.map(([at, event]) => ({ at: new Date(at).toISOString(), event })))
const step = (host: string, name: 'observing' | 'arming' | 'applied'): Event => ({
  type: 'host-step',
  host,
  step: name,
})
const why = finding('wants-promotion')

describe('the story of a run', () => {
  it('has each host with its stage, what took how long, and how it ended', () => {
    const { hosts, from, to } = tell(
      [0, { type: 'phase-started', phase: 'observe', hosts: ['a', 'b', 'c'] }],
      [10, step('a', 'observing')],
      [20, { type: 'host-planned', host: 'a', verdict: 'change' }],
      [30, step('b', 'observing')],
      [80, { type: 'host-settled', host: 'b', state: 'unreachable' }],
      [100, stage(1, ['a'])],
      [105, step('a', 'observing')],
      [110, step('a', 'arming')],
      [150, step('a', 'applied')],
      [190, { type: 'host-settled', host: 'a', state: 'persisted', generation: 3 }],
      [200, { type: 'phase-started', phase: 'check', hosts: ['a'] }],
      [210, step('a', 'observing')],
      [250, { type: 'host-checked', host: 'a', finding: why }],
    )
    expect({ from, to }).toEqual({ from: 0, to: 250 })
    expect(hosts).toEqual([
      {
        host: 'a',
        looked: { from: 10, to: 20 },
        worked: { from: 105, to: 190 },
        stage: 1,
        outcome: { host: 'a', state: 'persisted', generation: 3, finding: why },
      },
      { host: 'b', looked: { from: 30, to: 80 }, outcome: { host: 'b', state: 'unreachable' } },
      { host: 'c' },
    ])
  })

  it('has what the run did, one thing after the other', () => {
    const { passages } = tell(
      [50, { type: 'rollout-waiting', run: 'r', what: 'window', until: '', seconds: 1 }],
      [100, stage(1, ['a'])],
      [150, { type: 'rollout-waiting', run: 'r', what: 'soak', until: '', seconds: 1 }],
      [200, { type: 'phase-started', phase: 'check', hosts: ['a'] }],
      [250, { type: 'rollout-paused', run: 'r', why }],
      [400, { type: 'rollout-promoted', run: 'r' }],
      [410, stage(2, ['b'])],
      [500, { type: 'phase-started', phase: 'take back', hosts: ['a', 'b'] }],
      [600, { type: 'run-ended', run: 'r', states: {} }],
    )
    expect(passages.map(({ kind, stage, from, to }) => [kind, stage, from, to])).toEqual([
      ['window', undefined, 50, 100],
      ['stage', 1, 100, 150],
      ['soak', undefined, 150, 200],
      ['check', undefined, 200, 250],
      ['pause', undefined, 250, 400],
      ['stage', 2, 410, 500],
      ['take back', undefined, 500, 600],
    ])
  })

  it('bears a clock that was set back', () => {
    expect(tell([100, stage(1, ['a'])], [50, step('a', 'arming')])).toMatchObject({ from: 50, to: 100 })
  })
})
