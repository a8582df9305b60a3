import { describe, expect, it } from 'vitest'
import { failedChecks } from '../../../src/cli/check-again.ts'
import type { HostRecord } from '../../../src/journal/host-record.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import { finding } from '../events.ts'

const was = (state: HostState, code: string, more: HostRecord = {}): HostRecord => ({
  outcome: { host: 'a', state, finding: finding(code) },
  isSpoiled: true,
  ...more,
})

const isMeant = (one: HostRecord, isNamed = true) => failedChecks(new Map([['a', one]]), isNamed).length > 0

describe('whose check is asked once more', () => {
  it('are hosts that persisted and did not pass it', () => {
    expect(isMeant(was('persisted', 'gate-fail'))).toBe(true)
    expect(isMeant(was('persisted', 'gate-fail', { isSpoiled: false }))).toBe(false)
    expect(isMeant(was('reverted', 'taken-back'))).toBe(false)
  })

  it('is nobody whom somebody has accepted, or who was to be taken back', () => {
    expect(isMeant(was('persisted', 'gate-fail', { isAccepted: true }))).toBe(false)
    expect(isMeant(was('persisted', 'not-taken-back'))).toBe(false)
  })

  it('are without a name those of a try before, which somebody has begun to go on with', () => {
    expect(isMeant(was('persisted', 'gate-fail'), false)).toBe(false)
    expect(isMeant(was('persisted', 'gate-fail', { isOfBefore: true }), false)).toBe(true)
  })
})
