import { describe, expect, it } from 'vitest'
import { isFresh } from '../../../src/rollout/freshness.ts'

/** Both clocks of the controller at a monotonic time, when nothing ever suspended it. */
const at = (now: number) => ({ now, wall: 1_700_000_000_000 + now })

describe('a connection proves that the host can be reached', () => {
  it.each([
    // connectStart, received, age of the apply, fresh
    ['began 100 ms after the apply', 1000, 1200, 300, true],
    ['began 99 ms after the apply', 1000, 1200, 299, false],
    ['began before the apply', 1000, 1200, 100, false],
    ['was answered at once', 5000, 5000, 100, true],
    ['began long after', 9000, 9050, 8000, true],
  ])('%s', (_, connectStart, received, age, fresh) => {
    expect(isFresh(at(connectStart), at(received), { age })).toBe(fresh)
  })

  it('not if the controller slept between: its monotonic clock stood still', () => {
    const received = { now: 1200, wall: at(1200).wall + 60_000 }
    expect(isFresh(at(1000), received, { age: 60_300 })).toBe(false)
  })

  it('not if its wall clock was set meanwhile: nobody can tell that from sleep', () => {
    const received = { now: 1200, wall: at(1200).wall - 86_400_000 }
    expect(isFresh(at(1000), received, { age: 5000 })).toBe(false)
  })

  it('not if the host let it in before the apply: the controller may have been stopped with all its clocks', () => {
    expect(isFresh(at(1000), at(2000), { age: 60_000, sessionAge: 60_300 })).toBe(false)
    expect(isFresh(at(1000), at(2000), { age: 60_300, sessionAge: 60_000 })).toBe(true)
  })

  it('and does not mind a wall clock that is wrong but steady', () => {
    expect(isFresh({ now: 1000, wall: 5 }, { now: 1200, wall: 205 }, { age: 300 })).toBe(true)
  })
})
