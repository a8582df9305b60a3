import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../model/clock.ts'

export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: milliseconds => sleep(milliseconds),
}
