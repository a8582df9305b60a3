import { describe, expect, it } from 'vitest'
import { gapsIn } from '../faults/story.ts'

/* What the faults hold against a journal: a verdict has a last answer that may lead to it. */

const SAID = 'persisted: not-taken-back'

/** What is wrong with the story of a host that was to be taken back, was not, and heard this last. */
function gapsAfter(answer: string): readonly string[] {
  const asked = `${/^\w+/.exec(answer)?.[0]}?`
  return gapsIn(['observing', ...(answer === '' ? [] : [asked, answer]), SAID], SAID, 'observing')
}

describe('a host that was to be taken back and was not', () => {
  it.each([
    'confirm 0 PERSISTED',
    'status 10 ROLLED_BACK deadline',
    'await 10 DISARMED session',
    'rollback 11',
    'packages 18',
    'arm 13',
    'arm: exec-timeout',
    'observe: host-answer-unreadable',
  ])('may have heard last: %s', answer => {
    expect(gapsAfter(answer)).toEqual([])
  })

  it.each([
    'confirm 17 CONFIRMED',
    'confirm 10 STUCK',
    'rollback 21 STUCK',
    'await 0 APPLIED',
    'await: exec-timeout',
    'status 0 ARMED',
  ])('is another one after: %s', answer => {
    expect(gapsAfter(answer)).toEqual([`${answer} doesn't lead to ${SAID}`])
  })

  it('has heard something', () => {
    expect(gapsAfter('')).toEqual([`none doesn't lead to ${SAID}`])
  })
})
