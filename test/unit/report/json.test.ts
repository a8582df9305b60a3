import { expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { jsonLine, planLine } from '../../../src/report/json.ts'
import { PLANS } from '../../golden/report/plans.ts'
import { finding } from '../events.ts'

it('an event is one line that reads back', () => {
  const event = { type: 'host-planned', host: 'a', verdict: 'change' } as const
  expect(jsonLine(event)).toBe('{"type":"host-planned","host":"a","verdict":"change"}\n')
})

it('a finding brings its sentence, on the same line', () => {
  const line = jsonLine({
    type: 'host-settled',
    host: 'a',
    state: 'refused',
    finding: { code: 'candidate-does-not-load', severity: 'error', args: { part: '6', detail: 'one\ntwo' } },
  })
  expect(line.trimEnd().split('\n')).toHaveLength(1)
  expect(JSON.parse(line)).toMatchObject({
    state: 'refused',
    finding: {
      code: 'candidate-does-not-load',
      message: expect.stringMatching(/^The IPv6 rules don't load.*one\ntwo/s),
    },
  })
})

const WHY = finding('stopped')
const SAYING: readonly Event[] = [
  { type: 'host-checked', host: 'a', finding: WHY },
  { type: 'rollout-paused', run: 'r', why: WHY },
  { type: 'rollout-stopped', run: 'r', why: WHY },
  { type: 'taking-back', run: 'r', hosts: [], why: WHY },
]

it.each(SAYING)('so does every other: $type', event => {
  const { finding, why } = JSON.parse(jsonLine(event))
  expect(finding ?? why).toEqual({ ...WHY, message: 'It was stopped.' })
})

it('a plan is one line without what a guard would run', () => {
  const none = { 4: '', 6: '' }
  const texts = { now: none, want: none, do: none, undo: none, sets: '', setsNow: '' }
  const change = { base: 0, generation: 1, ...texts, candidateHash: 'secret' }
  for (const plan of PLANS) {
    const line = planLine({ ...plan, change })
    const read = JSON.parse(line)
    expect(read).toMatchObject({ type: 'host-plan', host: plan.host, verdict: plan.verdict, diff: plan.diff })
    expect(line).not.toContain('secret')
  }
  const spare = PLANS.find(({ host }) => host === 'spare1')
  expect(spare && JSON.parse(planLine(spare)).unmanaged).toEqual(['-P FORWARD DROP', '-t nat -N OLD'])
})
