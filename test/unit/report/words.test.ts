import { afterEach, describe, expect, it } from 'vitest'
import { minute, second, timeOfDay } from '../../../src/report/words.ts'

const MOMENT = '2026-01-31T22:30:15.500Z'
const SUMMER = '2026-07-31T22:30:15Z'

afterEach(() => {
  process.env.TZ = 'UTC'
})

describe('a moment', () => {
  it.each([
    ['UTC', MOMENT, '2026-01-31 22:30 UTC'],
    ['Europe/Berlin', MOMENT, '2026-01-31 23:30 +01:00'],
    ['Europe/Berlin', SUMMER, '2026-08-01 00:30 +02:00'],
    ['America/St_Johns', MOMENT, '2026-01-31 19:00 -03:30'],
  ])('is said in the time of %s', (zone, moment, said) => {
    process.env.TZ = zone
    expect(minute(moment)).toBe(said)
  })

  it('is said to the second where that matters', () => {
    process.env.TZ = 'Asia/Kolkata'
    expect(second(MOMENT)).toBe('2026-02-01 04:00:15 +05:30')
    expect(timeOfDay(Date.parse(MOMENT))).toBe('04:00:15')
  })

  it.each(['', 'an unknown time', '2026-13-45T22:30:00Z'])('that is none stays as it is: %j', text => {
    expect(minute(text)).toBe(text)
  })
})
