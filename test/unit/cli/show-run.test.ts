import { describe, expect, it } from 'vitest'
import { outcomesOf } from '../../../src/cli/show-run.ts'
import { recordOf } from '../../../src/journal/record.ts'
import { summaryOf } from '../../../src/journal/summary.ts'
import { thisWriter } from '../../../src/journal/writer.ts'
import type { Event, Writer } from '../../../src/model/event.ts'
import { finding } from '../events.ts'

/* What `fleet status RUN` and `fleet history RUN` say of hosts that are on their way back. */

const DEAD: Writer = { pid: 1, start: 'another boot' }
const QUERY = finding('gate-fail')

const arming = (host: string, base: number): Event => ({
  type: 'host-step',
  host,
  step: 'arming',
  nonce: `n${base}`,
  bootId: 'b',
  confirmTimeout: 60_000,
  base,
  generation: base + 1,
})

const takingBack = (writer: Writer): readonly Event[] => [
  { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 3, writer },
  { type: 'rollout-planned', run: 'r', stages: [['a', 'b', 'c']] },
  ...['a', 'b', 'c'].flatMap((host): Event[] => [
    arming(host, 1),
    { type: 'host-settled', host, state: 'persisted' },
  ]),
  { type: 'taking-back', run: 'r', hosts: ['a', 'b', 'c'], why: QUERY },
  arming('a', 2),
  { type: 'host-settled', host: 'a', state: 'reverted', finding: finding('taken-back') },
  arming('b', 2),
]

const journal = (...events: readonly Event[]) =>
  events.map((event, at) => ({ at: new Date(at * 1000).toISOString(), event }))

function said(...events: readonly Event[]) {
  const record = recordOf(journal(...events))
  if (!record) throw new Error('it has begun')
  return outcomesOf(record).map(one => `${one.host} ${one.state}: ${one.finding?.code}`)
}

describe('a run that takes hosts back', () => {
  it('and died has hosts of which nobody knows, and hosts on the rules that were to go', () => {
    expect(said(...takingBack(DEAD))).toEqual([
      'a reverted: taken-back',
      'b unknown: left-going-back',
      'c persisted: left-to-go-back',
    ])
  })

  it('and goes on says nothing yet of the one that is on its way', () => {
    expect(said(...takingBack(thisWriter()))).toEqual(['a reverted: taken-back', 'c persisted: undefined'])
  })

  it('says why, whoever goes on with it and whatever comes, until it has an end', () => {
    const resumed: Event = { type: 'run-resumed', run: 'r', who: 'you', writer: DEAD }
    const again: Event = { type: 'taking-back', run: 'r', hosts: ['b', 'c'], why: QUERY }
    const summary = (...more: readonly Event[]) => summaryOf(journal(...takingBack(DEAD), ...more), 0)
    expect(summary()).toMatchObject({ is: 'died', why: QUERY, states: { persisted: 1, reverted: 1 } })
    expect(summary(resumed, again)).toMatchObject({ is: 'died', why: QUERY })
    expect(recordOf(journal(...takingBack(DEAD), resumed, again))?.takingBack?.why).toEqual(QUERY)
    const ended: Event = { type: 'run-ended', run: 'r', states: {} }
    expect(said(...takingBack(DEAD), ended)).toContain('c persisted: undefined')
  })
})
