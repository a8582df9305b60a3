import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { printPlan } from '../../../src/report/plan.ts'
import { PLANS } from './plans.ts'

describe('a plan', () => {
  it('is printed folded, with every reason and way out', async () => {
    await expect(printPlan(PLANS, { color: false })).toMatchFileSnapshot('expected/plan.txt')
  })

  it('says the same in colour', () => {
    const colored = printPlan(PLANS, { color: true })
    expect(colored).toContain('\u001b[32m  + -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\u001b[0m')
    expect(stripVTControlCharacters(colored)).toBe(printPlan(PLANS, { color: false }))
  })

  it('counts hosts that nobody could look at', () => {
    const one = PLANS.filter(({ verdict }) => verdict === 'unchanged').slice(0, 1)
    const failed = ['unreachable', 'failed', 'unreachable'] as const
    expect(printPlan(one, { color: false, failed })).toMatch(
      /^0 hosts to change, 1 unchanged, 2 unreachable, 1 failed$/m,
    )
  })

  it('of hosts that go back says nothing of roles', () => {
    const back = PLANS.slice(0, 1).map(plan => ({ ...plan, roles: [] }))
    expect(printPlan(PLANS.slice(0, 1), { color: false })).toContain('roles: ')
    expect(printPlan(back, { color: false })).not.toContain('roles')
  })

  it('of nothing to do is short', () => {
    const unchanged = PLANS.filter(({ host }) => host.startsWith('u') && host !== 'u99')
    expect(printPlan(unchanged, { color: false })).toBe(
      '45 hosts: unchanged\n\n0 hosts to change, 45 unchanged\n',
    )
  })
})
