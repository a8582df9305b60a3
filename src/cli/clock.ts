import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../model/clock.ts'

export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: (milliseconds, signal) =>
    sleep(milliseconds, undefined, signal && { signal }).catch(error => {
      if (!signal?.aborted) throw error
    }),
}
