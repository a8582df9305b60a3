import { expect, it } from 'vitest'
import { raceDeadlines } from '../deadline.ts'

const ROUNDS = 1000
/** Milliseconds: ten times what a machine with nothing else to do needs. */
const LIMIT = 3_600_000

it(
  `a confirmation at the deadline, ${ROUNDS} times: the verdict is what the host did`,
  async () => {
    const { persisted, reverted } = await raceDeadlines(ROUNDS)
    expect(persisted, 'confirmed').toBeGreaterThanOrEqual(ROUNDS / 10)
    expect(reverted, 'rolled back').toBeGreaterThanOrEqual(ROUNDS / 10)
  },
  LIMIT,
)
