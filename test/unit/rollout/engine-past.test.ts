import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Course, Past } from '../../../src/rollout/course.ts'
import { finding } from '../events.ts'
import { begin, courseOf } from './engine-steps.ts'

/* A rollout whose controller died goes on where it stood, on an engine of its own. */

type Wish = Omit<Partial<Course>, 'past'> & { readonly past?: Partial<Past> }

const was = (host: string, stage: number, state: HostState = 'persisted') => ({ host, stage, state })
const WHY = finding('wants-promotion')

const PAST: Past = { stage: 0, isChecked: false, isPromoted: false, hosts: [] }

const goOn = ({ past, stages = [[], ['b'], ['c']], ...more }: Wish) =>
  begin(courseOf(stages, { past: { ...PAST, ...past }, ...more }))

const first = (wish: Wish) => goOn(wish).first

describe('a rollout that is gone on with', () => {
  it('goes on with the next stage that has hosts, by its own number', () => {
    expect(first({ past: { hosts: [was('a', 0)] } })).toEqual(['stage 1', 'b'])
    expect(first({ stages: [[], [], ['c']], past: { hosts: [was('a', 0)] } })).toEqual(['stage 2', 'c'])
    expect(first({ stages: [[], []], past: { hosts: [was('a', 0)] } })).toEqual(['end'])
  })

  it('goes on in the middle of a stage', () => {
    const it = goOn({ stages: [[], ['b'], ['c']], past: { stage: 1, hosts: [was('a', 0), was('x', 1)] } })
    expect(it.first).toEqual(['stage 1', 'b'])
    expect(it.settle('b')).toEqual(['stage 2', 'c'])
  })

  it('starts nobody where what is known by now is more than its budget bears', () => {
    expect(first({ past: { hosts: [was('a', 0, 'reverted')] } })).toEqual(['end: budget-spent'])
    const spoiled = { ...was('a', 0), isSpoiled: true }
    expect(first({ past: { hosts: [spoiled] } })).toEqual(['end: budget-spent'])
    expect(first({ past: { hosts: [{ ...spoiled, isAccepted: true }] } })).toEqual(['stage 1', 'b'])
  })

  it('takes back what persisted before, in its stage or in all', () => {
    const hosts = [was('a', 0), was('x', 1), was('y', 1, 'failed')]
    const past = { stage: 1, hosts }
    expect(first({ past, onFailure: 'revert-all' })).toEqual(['take back a+x: budget-spent'])
    expect(first({ past, onFailure: 'revert-stage' })).toEqual(['take back x: budget-spent'])
  })

  it('looks again at a stage whose check nobody knows, and at those before', () => {
    const past = { stage: 1, hosts: [was('a', 0), was('x', 1)] }
    const stages = [[], [], ['c']]
    expect(first({ stages, past, checks: true })).toEqual(['check x after a'])
    expect(first({ stages, past, checks: true, soak: 10 })).toEqual(['wake 10 (soak)'])
    expect(first({ stages, past: { ...past, isChecked: true }, checks: true })).toEqual(['stage 2', 'c'])
  })

  it('waits for whoever promotes it, as it did', () => {
    const hosts = [was('a', 0)]
    expect(first({ manual: true, past: { hosts } })).toEqual(['pause: wants-promotion'])
    const it = goOn({ manual: true, past: { hosts, isChecked: true, paused: WHY } })
    expect(it.first).toEqual(['pause: wants-promotion'])
    expect(it.tell({ type: 'promoted' })).toEqual(['stage 1', 'b'])
    expect(first({ past: { hosts, isChecked: true, paused: WHY } })).toEqual(['pause: wants-promotion'])
    const promoted = { hosts, isChecked: true, isPromoted: true }
    expect(first({ manual: true, past: promoted })).toEqual(['stage 1', 'b'])
  })

  it('counts in each stage what failed there', () => {
    const budget = { failures: 9, stageFailures: [1, 1, 1], before: [] }
    const hosts = [was('a', 0, 'failed'), was('x', 1, 'failed')]
    const it = goOn({ stages: [[], ['b', 'd'], ['c']], budget, past: { stage: 1, hosts } })
    expect(it.first).toEqual(['stage 1', 'b', 'd'])
    expect(it.settle('b', 'failed')).toEqual([])
    expect(it.settle('d')).toEqual(['end: stage-budget-spent'])
  })
})

describe('what failed before the first stage', () => {
  it('is none of its failures', () => {
    const budget = { failures: 9, stageFailures: [1], before: ['unreachable', 'refused'] as const }
    const it = goOn({ stages: [['a', 'b', 'c']], budget, past: { stage: -1 } })
    expect(it.first).toEqual(['stage 0', 'a', 'b', 'c'])
    expect(it.settle('a', 'failed')).toEqual([])
    expect(it.settle('b')).toEqual([])
    expect(it.settle('c')).toEqual(['end'])
  })
})
