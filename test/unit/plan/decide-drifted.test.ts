import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/host/observation.ts'
import { decideDrifted } from '../../../src/plan/decide-drifted.ts'
import { ask, both, CONFIRMED, disk, guard, live4, OWN, SSH, save } from './drift-question.ts'

describe('an apply of drifted hosts only', () => {
  const other = [SSH, OWN, ...CONFIRMED.slice(3)]
  const plan = (seen: Partial<Observation>, rendered = CONFIRMED) => decideDrifted(ask(seen, rendered))
  const codes = ({ findings }: ReturnType<typeof plan>) => findings.map(({ code }) => code)

  it('changes what drifted, live or on disk', () => {
    expect(plan(live4(save([SSH, ...CONFIRMED.slice(2)]))).verdict).toBe('change')
    expect(plan(disk({ plugins: false })).verdict).toBe('change')
  })

  it('leaves out, and says so, what is only pending or was never applied', () => {
    const pending = plan({}, other)
    expect([pending.verdict, pending.change, ...codes(pending)]).toEqual([
      'unchanged',
      undefined,
      'left-out-not-drifted',
    ])
    const fresh = plan(disk({ number: 0, rules: both('') }), other)
    expect([fresh.verdict, ...codes(fresh)]).toEqual(['unchanged', 'left-out-never-applied'])
    expect(codes(plan({}))).toEqual([])
  })

  it('still says of a host at which somebody else is at work that it is busy', () => {
    const busy = plan(guard('', true), other)
    expect([busy.verdict, ...codes(busy)]).toEqual(['refused', 'host-busy'])
  })
})
