import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import { Notices } from '../../../src/notify/notices.ts'
import { sayNotice } from '../../../src/report/notice.ts'
import { finding, stage } from '../events.ts'

const ABOUT = { run: 'r', who: 'me@here', command: 'apply', inventory: ['/i'] }
const open = () => new Notices(ABOUT, { wall: () => 0, say: ({ code }) => `<${code}>` })
const settled = (host: string, state: HostState, code?: string): Event => ({
  type: 'host-settled',
  host,
  state,
  ...(code ? { finding: finding(code) } : {}),
})
const PLANNED: Event = { type: 'rollout-planned', run: 'r', stages: [['a'], ['b', 'c']] }

/** All notices of a run, in short. */
function play(...events: readonly Event[]) {
  const notices = open()
  const all = events.flatMap(event => notices.hear(event))
  return { all, brief: all.map(({ event, failed, why }) => `${event} ${failed} ${why?.code ?? ''}`.trim()) }
}

describe('what is told of a run', () => {
  it('begins with the plan, and each stage, pause, failure and the end are told', () => {
    const { all, brief } = play(
      { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 4 },
      settled('d', 'unchanged'),
      PLANNED,
      stage(1, ['a']),
      settled('a', 'persisted'),
      { type: 'phase-started', phase: 'check', hosts: ['a'] },
      { type: 'host-checked', host: 'a' },
      { type: 'rollout-paused', run: 'r', why: finding('wants-promotion') },
      stage(2, ['b', 'c']),
      settled('b', 'reverted', 'rolled-back'),
      settled('c', 'not started'),
      { type: 'rollout-stopped', run: 'r', why: finding('budget-spent') },
      { type: 'run-ended', run: 'r', states: { unchanged: 1, persisted: 1, reverted: 1, 'not started': 1 } },
    )
    expect(brief).toEqual([
      'start 0',
      'stage 0',
      'pause 0 wants-promotion',
      'stage 0',
      'failure 1 rolled-back',
      'end 1 budget-spent',
    ])
    expect(all[2]).toMatchObject({
      stage: { number: 1, of: 2, hosts: 1 },
      states: { unchanged: 1, persisted: 1 },
    })
    expect(all.at(-1)).toEqual({
      event: 'end',
      ...ABOUT,
      at: '1970-01-01T00:00:00.000Z',
      stage: { number: 2, of: 2, hosts: 2 },
      states: { unchanged: 1, persisted: 1, reverted: 1, 'not started': 1 },
      failed: 1,
      failing: [
        { host: 'b', state: 'reverted', finding: { ...finding('rolled-back'), message: '<rolled-back>' } },
      ],
      why: { ...finding('budget-spent'), message: '<budget-spent>' },
    })
  })

  it('says what failed before the plan only when there is one', () => {
    const failed = settled('a', 'unreachable', 'connect-failed')
    expect(play(failed).brief).toEqual([])
    expect(play(failed, PLANNED).brief).toEqual(['start 1', 'failure 1 connect-failed'])
  })

  it('counts a host by what became of it last', () => {
    const { all } = play(
      PLANNED,
      settled('a', 'persisted'),
      { type: 'host-checked', host: 'a', finding: finding('not-as-left') },
      { type: 'taking-back', run: 'r', hosts: ['a'], why: finding('budget-spent') },
      settled('a', 'reverted', 'taken-back'),
    )
    expect(
      all.map(({ event, states, failing }) => [event, states, failing.map(({ finding }) => finding?.code)]),
    ).toEqual([
      ['start', {}, []],
      ['failure', { persisted: 1 }, ['not-as-left']],
      ['failure', { persisted: 1 }, ['not-as-left']],
      ['failure', { reverted: 1 }, ['taken-back']],
    ])
  })

  it('names the first hundred of those that fail', () => {
    const notices = open()
    notices.hear(PLANNED)
    for (let at = 0; at < 250; at++) notices.hear(settled(`h${at}`, 'failed'))
    expect(notices.end()).toMatchObject({ failed: 250, states: { failed: 250 } })
    expect(notices.end().failing).toHaveLength(100)
  })

  it('is one sentence for a chat', () => {
    const { all } = play(PLANNED, stage(2, ['b', 'c']), settled('b', 'failed', 'x'))
    expect(all.map(sayNotice)).toEqual([
      'fleet apply (run r of me@here): started.',
      'fleet apply (run r of me@here): stage 2 of 2: 2 hosts begin.',
      'fleet apply (run r of me@here): 1 host failed by stage 2 of 2. <x> 1 failed',
    ])
  })
})
