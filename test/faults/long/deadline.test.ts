import { expect, it } from 'vitest'
import { raceDeadlines } from '../deadline.ts'

const ROUNDS = 1000
/** Milliseconds: ten times what a machine with nothing else to do needs. */
const LIMIT = 3_600_000

it(
  `a confirmation at the deadline, ${ROUNDS} times: the verdict is what the host did`,
  async () => {
    const { persisted, reverted } = await raceDeadlines(ROUNDS)
    expect(persisted, 'confirmed just before it').toBeGreaterThanOrEqual(ROUNDS / 10)
    expect(reverted, 'too late by as little').toBeGreaterThanOrEqual(ROUNDS / 10)
    expect(persisted + reverted, 'races').toBeGreaterThanOrEqual(ROUNDS / 4)
  },
  LIMIT,
)
