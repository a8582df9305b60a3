import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../model/clock.ts'

/** A timer that is asked for more ends at once. Whoever waits for longer looks at the clock, and sleeps again. */
const LONGEST = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: (milliseconds, signal) =>
    sleep(Math.min(milliseconds, LONGEST), undefined, signal && { signal }).catch(error => {
      if (!signal?.aborted) throw error
    }),
}
