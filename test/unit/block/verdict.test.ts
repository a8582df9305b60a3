import { describe, expect, it } from 'vitest'
import { judge, ownSkew } from '../../../src/block/verdict.ts'
import { say } from '../../../src/report/say.ts'
import { STATE } from './fixture.ts'

const old = { address: '203.0.113.0/24', what: 'gateway', covers: '203.0.113.1' }
const own = { address: '198.51.100.0/24', what: 'resolver', covers: '198.51.100.53' }
const isAsked = (address: string) => address === own.address

const verdict = (answer: Partial<Parameters<typeof judge>[1]>, asked?: typeof isAsked) => {
  const { next, outcome } = judge(
    { host: 'web1', ...(asked ? { isAsked: asked } : {}) },
    { ...STATE, ...answer },
  )
  const { state, finding } = outcome
  return { next, state, severity: finding?.severity, said: finding ? say(finding) : '' }
}

describe('a host that leaves out what was in the ledger before', () => {
  it('blocks what the command says, and somebody is told', () => {
    const { state, severity, said } = verdict(
      { refused: [old, { ...old, address: '203.0.0.0/16' }] },
      isAsked,
    )
    expect([state, severity]).toEqual(['blocked', 'warning'])
    expect(said).toMatch(
      /^What this command says is in force\. .*203\.0\.113\.0\/24 isn't, since it covers 203\.0\.113\.1, the host's gateway; and 1 more\. .*--even-so 203\.0\.113\.1$/,
    )
  })

  it('is not in line with the ledger, where that is what was asked for', () => {
    expect(verdict({ refused: [old] })).toMatchObject({ state: 'refused', severity: 'error' })
  })

  it('does not hide that the rest would not outlast a boot', () => {
    const answer = { refused: [old], isPersisted: false, why: 'packages' }
    const passing = { state: 'blocked, not persisted', next: 'persist' }
    expect(verdict(answer, isAsked)).toMatchObject(passing)
    expect(verdict(answer)).toMatchObject(passing)
  })
})

describe('a host that leaves out what the command says', () => {
  it('refuses it, and names it before what was in the ledger', () => {
    const { state, said } = verdict({ refused: [old, own] }, isAsked)
    expect(state).toBe('refused')
    expect(said).toMatch(
      /^It leaves out 198\.51\.100\.0\/24, which .*resolver; and 1 more\. All else is blocked there\. /,
    )
  })

  it('names that first where the rest would not outlast a boot either, which is still mended', () => {
    const refused = [old, own]
    const { said, ...rest } = verdict({ refused, isPersisted: false, why: 'packages' }, isAsked)
    expect(rest).toEqual({ next: 'persist', state: 'refused', severity: 'error' })
    expect(said).toMatch(
      /^It leaves out 198\.51\.100\.0\/24.* after a reboot it would not be: it lacks iptables/,
    )
    expect(verdict({ refused, isPersisted: false, why: 'masked' }, isAsked).next).toBe('done')
  })
})

describe('the clock of this machine', () => {
  const told = (...skews: readonly number[]) =>
    ownSkew(skews.map(skew => ({ host: 'web1', state: 'blocked', answer: { ...STATE, skew } })))

  it('is the one that is wrong where all hosts say the same of it', () => {
    expect(told(-86_400, -86_399, -86_410)).toBe(86_410)
    expect(told(-86_400, -86_399, 0)).toBeUndefined()
    expect(told(-86_400)).toBeUndefined()
    expect(told(0, 0)).toBeUndefined()
  })
})
