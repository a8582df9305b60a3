import { expect, it } from 'vitest'
import { questionOf } from '../../../src/cli/voice.ts'

it.each([
  [1, [1], 'Apply to 1 host? [y/N] '],
  [50, [50], 'Apply to 50 hosts? [y/N] '],
  [50, [1, 4, 45], 'Apply to 50 hosts in stages of 1, 4 and 45? [y/N] '],
  [50, [1, 4], 'Apply to 5 hosts in stages of 1 and 4 and leave 45 of 50 hosts out? [y/N] '],
  [50, [5], 'Apply to 5 hosts and leave 45 of 50 hosts out? [y/N] '],
])('asks about %i hosts in stages of %j', (changing, stages, question) => {
  expect(questionOf('Apply to', changing, stages)).toBe(question)
})
