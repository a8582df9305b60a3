import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until `ask` answers as `is` wants it, and gives that answer. Throws after `limit` milliseconds, with the last answer. */
export async function until<T>(
  ask: () => Promise<T>,
  is: (answer: T) => boolean,
  limit = 90_000,
): Promise<T> {
  const end = performance.now() + limit
  for (;;) {
    const answer = await ask()
    if (is(answer)) return answer
    if (performance.now() > end) throw new Error(`still not so: ${JSON.stringify(answer).slice(-1000)}`)
    await sleep(20)
  }
}
