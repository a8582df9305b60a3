import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { observeAll } from '../../../src/rollout/observe-all.ts'
import { FakeHost } from './fake-host.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('a look at all hosts', () => {
  it('tells of a host that goes back from where to where', async () => {
    const clock = new VirtualClock()
    const target = new FakeHost('a', 'good', clock).target(2)
    const back = { from: 3, to: 2 }
    const events: Event[] = []
    const looking = observeAll([{ ...target, decide: seen => ({ ...target.decide(seen), back }) }], {
      each: (items, work) => Promise.allSettled(items.map(item => work(item))),
      clock,
      open: 9,
      emit: event => void events.push(event),
    })
    await clock.run(looking)
    expect(events).toContainEqual({ type: 'host-planned', host: 'a', verdict: 'change', back })
  })

  it('tells which rules were rendered for whom, also for a host that cannot be looked at', async () => {
    const clock = new VirtualClock()
    const target = (name: string, rendered?: string, kind: 'good' | 'dead' = 'good') => ({
      ...new FakeHost(name, kind, clock).target(2),
      ...(rendered === undefined ? {} : { rendered }),
    })
    const events: Event[] = []
    const looking = observeAll([target('a', 'x'), target('b', 'y', 'dead'), target('c', 'x'), target('d')], {
      each: (items, work) => Promise.allSettled(items.map(item => work(item))),
      clock,
      open: 9,
      emit: event => void events.push(event),
    })
    expect((await clock.run(looking)).failed).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'rules-rendered')).toEqual([
      {
        type: 'rules-rendered',
        rules: [
          { sha256: 'x', hosts: ['a', 'c'] },
          { sha256: 'y', hosts: ['b'] },
        ],
      },
    ])
  })
})
