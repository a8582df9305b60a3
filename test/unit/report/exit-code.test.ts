import { describe, expect, it } from 'vitest'
import { HOST_STATES, type HostState } from '../../../src/model/host-state.ts'
import type { HostPlan } from '../../../src/plan/host-plan.ts'
import { exitCodeOf, exitCodeOfPlans } from '../../../src/report/exit-code.ts'
import { finding } from '../events.ts'

const codeOf = (...states: HostState[]) => exitCodeOf(states.map(state => ({ state })))

describe('the exit code of a run', () => {
  it('is 0 where every host is as it should be, and where there is none', () => {
    expect([codeOf(), codeOf('unchanged'), codeOf('persisted', 'unchanged')]).toEqual([0, 0, 0])
  })

  it.each(['reverted', 'refused', 'failed', 'unreachable', 'not started'] as const)(
    'is 3 where a host is %s',
    state => {
      expect(codeOf('persisted', state, 'unchanged')).toBe(3)
    },
  )

  it.each(['confirmed, not persisted', 'stuck', 'unknown'] as const)(
    'is 4 where a host is %s, whatever the others are',
    state => {
      expect(codeOf(state, 'refused', 'persisted')).toBe(4)
      expect(codeOf('persisted', 'refused', state)).toBe(4)
    },
  )

  it('is 3 at least where something ended it early, whatever its hosts are', () => {
    const why = finding('gate-fail')
    const early = (...states: HostState[]) =>
      exitCodeOf(
        states.map(state => ({ state })),
        why,
      )
    expect([early(), early('persisted', 'unchanged'), early('unknown')]).toEqual([3, 3, 4])
  })

  it('of a look is 2 for what is pending, 3 for a host that is refused or silent', () => {
    const look = (...verdicts: HostPlan['verdict'][]) =>
      exitCodeOfPlans(
        verdicts.map(verdict => ({ verdict })),
        [],
      )
    expect([
      look(),
      look('unchanged'),
      look('unchanged', 'change', 'unchanged'),
      look('refused', 'change'),
    ]).toEqual([0, 0, 2, 3])
    expect(exitCodeOfPlans([{ verdict: 'change' }], [{ state: 'unreachable' }])).toBe(3)
    const behind = (verdict: HostPlan['verdict']) => exitCodeOfPlans([{ verdict, isBehind: true }], [])
    expect([behind('unchanged'), behind('refused')], 'behind the ledger').toEqual([2, 3])
  })

  it('has two good states and no more', () => {
    expect(HOST_STATES.filter(state => codeOf(state) === 0)).toEqual(['unchanged', 'persisted'])
  })
})
