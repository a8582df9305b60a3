import { describe, expect, it } from 'vitest'
import { recordOf } from '../../../src/journal/record.ts'
import type { Event } from '../../../src/model/event.ts'
import { finding } from '../events.ts'

const started: Event = { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 1 }
const ended: Event = { type: 'run-ended', run: 'r', states: {} }
const resumed: Event = { type: 'run-resumed', run: 'r', who: 'you', writer: { pid: 1, start: '' } }
const recordAfter = (...events: readonly Event[]) =>
  recordOf([started, ...events].map(event => ({ at: '2026-01-02T00:00:00.000Z', event })))

describe('where a run stood', () => {
  const stage = (number: number): Event => ({
    type: 'phase-started',
    phase: 'apply',
    hosts: ['a'],
    stage: number,
    stages: 3,
  })
  const check: Event = { type: 'phase-started', phase: 'check', hosts: ['a'] }
  const paused = (code: string): Event => ({
    type: 'rollout-paused',
    run: 'r',
    why: { code, severity: 'error', args: {} },
  })
  const promoted: Event = { type: 'rollout-promoted', run: 'r' }
  const nowhere = { stage: -1, isChecked: false, isPromoted: false }
  const asked = paused('wants-promotion')

  it.each<[string, readonly Event[], object]>([
    ['before its stages', [], nowhere],
    ['in a stage', [stage(1), stage(2)], { ...nowhere, stage: 1 }],
    ['in a check that was cut off', [stage(1), check], { ...nowhere, stage: 0 }],
    ['in a check before', [stage(1), check, stage(2), paused('budget-spent')], { ...nowhere, stage: 1 }],
    ['after its check', [stage(1), check, paused('gate-x')], { ...nowhere, stage: 0, isChecked: true }],
    ['at a pause', [stage(1), asked], { ...nowhere, stage: 0, isChecked: true }],
    ['promoted', [stage(1), asked, promoted], { stage: 0, isChecked: true, isPromoted: true }],
    ['with an end', [stage(2), ended, resumed], nowhere],
  ])('%s', (_, events, standing) => {
    expect(recordAfter(...events)?.standing).toEqual(standing)
  })

  it('and whom somebody has accepted, who did not pass, who went back, and who is of before', () => {
    const settled: Event = { type: 'host-settled', host: 'a', state: 'persisted' }
    const why = finding('lost-again')
    const checked: Event = { type: 'host-checked', host: 'a', finding: why }
    const hostAfter = (...events: readonly Event[]) => recordAfter(settled, ...events)?.hosts.get('a')
    expect(hostAfter(promoted)).toMatchObject({ isAccepted: true })
    expect(hostAfter(promoted, checked)).toMatchObject({ isSpoiled: true, isAccepted: false })
    expect(hostAfter(checked, promoted, checked)).toMatchObject({ isSpoiled: true, isAccepted: true })
    expect(hostAfter(ended)).toMatchObject({ isOfBefore: true })
    expect(hostAfter(ended, settled)).toMatchObject({ isOfBefore: false })
    // A later try has asked its check once more.
    expect(hostAfter(checked, ended, resumed, checked)).toMatchObject({ isSpoiled: true, isOfBefore: false })
    expect(hostAfter(checked, ended, resumed, settled)).toMatchObject({
      isSpoiled: false,
      outcome: { host: 'a', state: 'persisted' },
    })
    const back: Event = { type: 'taking-back', run: 'r', hosts: ['a'], why }
    expect(hostAfter(back)).toMatchObject({ isGoingBack: true })
    const planned: Event = { type: 'rollout-planned', run: 'r', stages: [['a']] }
    expect(hostAfter(back, planned)).toMatchObject({ isGoingBack: false })
  })

  it('and what each gate said before the change', () => {
    const gate = (when: 'before' | 'applied', is: 'pass' | 'fail'): Event => ({
      type: 'host-gate',
      host: 'a',
      gate: 'tcp 443',
      when,
      is,
      detail: '',
    })
    const record = recordAfter(gate('before', 'pass'), gate('applied', 'fail'))
    expect(record?.gates).toEqual(new Map([['a', new Map([['tcp 443', 'pass']])]]))
  })
})
