import { describe, expect, it } from 'vitest'
import { type HostChange, type HostPlan, NOTHING } from '../../../src/plan/host-plan.ts'
import { isUnbooted, sameChange } from '../../../src/plan/same-change.ts'

/* A plan that is made afresh, beside the one that was shown. */

const both = (text: string) => ({ 4: text, 6: text })
const plan = (more: Partial<HostChange> = {}): HostPlan => ({
  ...NOTHING,
  host: 'web1',
  roles: [],
  groups: [],
  onlyBase: false,
  verdict: 'change',
  bootId: 'boot',
  change: {
    base: 0,
    generation: 1,
    now: both('old'),
    want: both('new'),
    do: both(''),
    undo: both(''),
    sets: '',
    setsNow: '',
    candidateHash: '',
    ...more,
  },
})
const first = { number: 1, newest: 1, nonce: 'n', rules: both('new'), ipsets: '' }
const lies = { ...first, whole: true, linked: true, plugins: true, enabled: false }
const again = plan({ base: 1, generation: 2 })

describe('a first generation that lies there', () => {
  it('and that no boot loads, beside the rules of before: the change never came to be', () => {
    expect(sameChange(plan(), again), 'its numbers are others').toBe(false)
    expect(isUnbooted(plan(), again, lies)).toBe(true)
  })

  it.each([
    ['a boot loads it', plan(), again, { ...lies, enabled: true }],
    ['the rules are others', plan(), plan({ base: 1, generation: 2, now: both('new') }), lies],
    ['one was there before it', plan({ base: 1, generation: 2 }), plan({ base: 2, generation: 3 }), lies],
    ['nothing was to change', { ...plan(), change: undefined }, again, lies],
  ] as const)('is a proof of nothing where %s', (_, shown, fresh, generation) => {
    expect(isUnbooted(shown, fresh, generation)).toBe(false)
  })
})
