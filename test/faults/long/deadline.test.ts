import { expect, it } from 'vitest'
import { raceDeadlines } from '../deadline.ts'

const ROUNDS = 1000

it(`a confirmation at the deadline, ${ROUNDS} times: the verdict is what the host did`, async () => {
  const { persisted, reverted } = await raceDeadlines(ROUNDS)
  expect(persisted, 'confirmed').toBeGreaterThanOrEqual(ROUNDS / 10)
  expect(reverted, 'rolled back').toBeGreaterThanOrEqual(ROUNDS / 10)
}, 1_200_000)
