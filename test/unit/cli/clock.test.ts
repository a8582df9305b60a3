import { expect, it } from 'vitest'
import { realClock } from '../../../src/cli/clock.ts'

it('sleeps also for a window that is months away', async () => {
  const over = new AbortController()
  let isAwake = false
  const sleep = async () => {
    await realClock.sleep(100 * 86_400_000, over.signal)
    isAwake = true
  }
  const asleep = sleep()
  await realClock.sleep(20)
  expect(isAwake).toBe(false)
  over.abort()
  await asleep
})
