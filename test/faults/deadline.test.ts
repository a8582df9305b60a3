import { expect, it } from 'vitest'
import { raceDeadlines } from './deadline.ts'

const ROUNDS = 60

it(`a confirmation at the deadline, ${ROUNDS} times: the verdict is what the host did`, async () => {
  const { persisted, reverted } = await raceDeadlines(ROUNDS)
  expect(persisted, 'confirmed just before it').toBeGreaterThanOrEqual(ROUNDS / 10)
  expect(reverted, 'too late by as little').toBeGreaterThanOrEqual(ROUNDS / 10)
  expect(persisted + reverted, 'races').toBeGreaterThanOrEqual(ROUNDS / 4)
}, 300_000)
