import { describe, expect, it } from 'vitest'
import { windowAt } from '../../../src/rollout/moment.ts'

const at = (text: string) => new Date(text).getTime()
const said = (moment: number | undefined) => moment && new Date(moment).toString().slice(4, 21)
const window = (from: string, notBefore?: string, notAfter?: string) => {
  const { opens, closes } = windowAt(at(from), notBefore, notAfter)
  return [said(opens), said(closes)]
}

describe('the window of every day', () => {
  it.each([
    ['before it', '2026-01-31T21:00', ['Jan 31 2026 22:30', 'Feb 01 2026 04:00']],
    ['when it opens', '2026-01-31T22:30', ['Jan 31 2026 22:30', 'Feb 01 2026 04:00']],
    ['a minute late', '2026-01-31T22:31', [undefined, 'Feb 01 2026 04:00']],
    ['in the middle of the night', '2026-02-01T03:59', [undefined, 'Feb 01 2026 04:00']],
    ['when it closes', '2026-02-01T04:00', ['Feb 01 2026 22:30', 'Feb 02 2026 04:00']],
  ])('over midnight, %s', (_, from, expected) => {
    expect(window(from, '22:30', '04:00')).toEqual(expected)
  })

  it.each([
    ['in it', '2026-01-31T12:00', [undefined, 'Jan 31 2026 16:00']],
    ['after it', '2026-01-31T17:00', ['Feb 01 2026 08:00', 'Feb 01 2026 16:00']],
  ])('of one day, %s', (_, from, expected) => {
    expect(window(from, '08:00', '16:00')).toEqual(expected)
  })

  it('from one time to the same is a day', () => {
    expect(window('2026-01-31T21:00', '22:30', '22:30')).toEqual(['Jan 31 2026 22:30', 'Feb 01 2026 22:30'])
  })
})

describe('one bound alone', () => {
  it('is the next time of the day', () => {
    expect(window('2026-01-31T23:00', '22:30')).toEqual(['Feb 01 2026 22:30', undefined])
    expect(window('2026-01-31T23:00', undefined, '22:30')).toEqual([undefined, 'Feb 01 2026 22:30'])
    expect(window('2026-01-31T23:00')).toEqual([undefined, undefined])
  })

  it('with a date is that moment, also when it has passed', () => {
    const passed = window('2026-02-03T12:00', '2026-01-31T22:30', '04:00')
    expect(passed).toEqual(['Jan 31 2026 22:30', 'Feb 01 2026 04:00'])
  })
})
