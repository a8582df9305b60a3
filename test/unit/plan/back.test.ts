import { describe, expect, it } from 'vitest'
import { type Asked, decideBack, type Made, refuseSuperseded } from '../../../src/plan/back.ts'
import { both, CONFIRMED, look, save } from './drift-question.ts'

const MADE = '2026-01-02T03:04:05.000Z'

function refusal(number: number, left: { from?: number; made?: Made; asked?: Asked }): string | undefined {
  const generation = {
    number,
    newest: number,
    nonce: '',
    origin: { who: 'me', made: MADE, run: 'r7' },
    whole: true,
    linked: true,
    plugins: true,
    enabled: true,
    rules: { 4: '', 6: '' },
    ipsets: '',
  }
  const plan = refuseSuperseded({ host: 'h', groups: [], ...left, seen: { bootId: 'boot', generation } })
  return plan?.verdict === 'refused' ? plan.findings[0]?.code : undefined
}

describe('a host that is to go back', () => {
  it('is refused where it left the generation that was to be taken back', () => {
    expect(refusal(7, { from: 7 })).toBeUndefined()
    expect(refusal(8, { from: 7 })).toBe('superseded')
    expect(refusal(0, { from: 7 }), 'half removed').toBeUndefined()
  })

  it('leaves whatever the run made, and nothing that somebody else made', () => {
    const made = { base: 6, latest: 8 }
    const of = (run: string) => [5, 6, 7, 8, 9, 0].map(number => refusal(number, { made: { ...made, run } }))
    const [good, bad] = [undefined, 'superseded']
    expect(of('r7'), 'by that run').toEqual([good, good, good, good, good, good])
    expect(of('r6'), 'by another').toEqual([bad, good, bad, bad, bad, good])
  })

  it('leaves what a later run put back there, and nothing else of that run', () => {
    const made = { run: 'r5', base: 4, latest: 5, again: [{ run: 'r7', generation: 7 }] }
    expect(refusal(7, { made })).toBeUndefined()
    expect(refusal(6, { made }), 'what it had brought before').toBe('superseded')
    expect(refusal(7, { made: { ...made, again: [{ run: 'r6', generation: 7 }] } })).toBe('superseded')
  })

  it('says from where to where, if there is a way to go', () => {
    const back = (rules: readonly string[]) => {
      const canonical = both(save(rules))
      const target = { number: 3, hash: 'h', ipsets: '', rules: canonical }
      const seen = look({ target, canonical })
      return decideBack({ host: 'h', groups: [], seen, preserve: [], acceptLockoutRisk: false })
    }
    expect(back(CONFIRMED.slice(0, 1))).toMatchObject({ verdict: 'change', back: { from: 4, to: 3 } })
    expect(back(CONFIRMED)).toMatchObject({ verdict: 'unchanged' })
    expect(back(CONFIRMED)).not.toHaveProperty('back')
  })

  it('is refused where somebody changed it after that was asked for', () => {
    const before = '2026-01-02T03:04:04.000Z'
    expect(refusal(7, {})).toBeUndefined()
    expect(refusal(7, { asked: { at: '2026-01-02T03:04:06.000Z', run: 'r8' } })).toBeUndefined()
    expect(refusal(7, { asked: { at: before, run: 'r6' } })).toBe('changed-since')
    expect(refusal(7, { asked: { at: before, run: 'r7' } }), 'by that itself').toBeUndefined()
  })
})
