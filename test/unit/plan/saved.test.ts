import { describe, expect, it } from 'vitest'
import type { HostPlan } from '../../../src/plan/host-plan.ts'
import { holdTo, holdToRules } from '../../../src/plan/saved.ts'

/* What keeps a host from rules that nobody has planned for it. */

const planned = { run: 'r', rendered: new Map([['web1', 'of then']]) }

const fresh = (host: string, verdict: HostPlan['verdict']): HostPlan => ({
  host,
  verdict,
  roles: ['base'],
  groups: [],
  onlyBase: true,
  findings: verdict === 'refused' ? [{ code: 'host-busy', severity: 'error', args: {} }] : [],
  diff: [],
  closes: [],
  unmanaged: [],
  installs: true,
  released: [],
  kept: [],
  bootId: 'b',
})

const held = (host: string, now: string, verdict: HostPlan['verdict'] = 'change') => {
  const plan = holdToRules(planned, now, fresh(host, verdict))
  return [plan.verdict, ...plan.findings.map(({ code }) => code)]
}

describe('a host of a run that is gone on with', () => {
  it('is changed to the rules that the run had planned, and to no others', () => {
    expect(held('web1', 'of then')).toEqual(['change'])
    expect(held('web1', 'of now')).toEqual(['refused', 'other-rules-than-run'])
  })

  it('keeps what is said of it where nothing is to be changed', () => {
    expect(held('web1', 'of now', 'unchanged')).toEqual(['unchanged'])
    expect(held('web1', 'of now', 'refused')).toEqual(['refused', 'host-busy'])
  })

  it('is changed to what is rendered now where the journal does not say what was planned', () => {
    expect(held('web2', 'of now')).toEqual(['change'])
  })
})

describe('a host that was refused when the plan was made', () => {
  const was = { host: 'web1', verdict: 'refused', wanted: '', seen: '' } as const
  const by = (verdict: HostPlan['verdict']) => {
    const plan = holdTo({ hosts: new Map([['web1', was]]) }, fresh('web1', verdict))
    return [plan.verdict, ...plan.findings.map(({ code }) => code)]
  }

  it('is not changed by it, and is no failure where nothing is to be changed', () => {
    expect(by('change')).toEqual(['refused', 'plan-said'])
    expect(by('unchanged')).toEqual(['unchanged'])
  })
})
