import { describe, expect, it } from 'vitest'
import { judgeLost, type Standing } from '../../../src/rollout/judge-lost.ts'

const NOTHING = { wanted: false, before: false }
const BOTH = { wanted: true, before: true }
const judged = (boots: Standing['boots'], live: Standing['live'], isBusy = false) =>
  judgeLost({ isBusy, boots, live })

describe('a host that does not know its change', () => {
  it('is as before or as wanted where its disk and its rules say the same', () => {
    expect(judged('wanted', { wanted: true, before: false })).toBe('as wanted')
    expect(judged('before', { wanted: false, before: true })).toBe('as before')
  })

  it('goes by its disk where the change changes no rule', () => {
    expect(judged('wanted', BOTH)).toBe('as wanted')
    expect(judged('before', BOTH)).toBe('as before')
    expect(judged('other', BOTH)).toBe('different')
  })

  it('is neither where a boot has loaded something else than is on its disk', () => {
    expect(judged('wanted', NOTHING)).toBe('different')
    expect(judged('before', NOTHING)).toBe('different')
    expect(judged('wanted', { wanted: false, before: true })).toBe('different')
    expect(judged('before', { wanted: true, before: false })).toBe('different')
  })

  it('is under way as long as somebody is at work, and half removed whatever its rules are', () => {
    expect(judged('wanted', BOTH, true)).toBe('under way')
    expect(judged('half removed', NOTHING)).toBe('half removed')
  })
})
