import { describe, expect, it, vi } from 'vitest'
import { openVoice, questionOf, type Voice } from '../../../src/cli/voice.ts'
import { VirtualClock } from '../rollout/virtual-clock.ts'

it.each([
  [1, [1], 'Apply to 1 host? [y/N] '],
  [50, [50], 'Apply to 50 hosts? [y/N] '],
  [50, [1, 4, 45], 'Apply to 50 hosts in stages of 1, 4 and 45? [y/N] '],
  [50, [1, 4], 'Apply to 5 hosts in stages of 1 and 4 and leave 45 of 50 hosts out? [y/N] '],
  [50, [5], 'Apply to 5 hosts and leave 45 of 50 hosts out? [y/N] '],
])('asks about %i hosts in stages of %j', (changing, stages, question) => {
  expect(questionOf('Apply to', changing, stages)).toBe(question)
})

describe('at the end people are told which gates did not count', () => {
  const failed = { type: 'host-gate', gate: 'tcp 1', when: 'before', is: 'fail', detail: 'refused' } as const

  async function endOf(tell: (voice: Voice) => unknown): Promise<string> {
    const written: string[] = []
    const stdout = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation(text => written.push(String(text)) > 0)
    try {
      const voice = openVoice({ yes: true }, new VirtualClock(), 'Apply to')
      await tell(voice)
      await voice.end([{ host: 'a', state: 'persisted' }])
      await voice.close()
    } finally {
      stdout.mockRestore()
    }
    return written.join('')
  }

  it.each(['emit', 'recall'] as const)('that were told of by %s', async how => {
    const said = await endOf(voice => voice[how]({ ...failed, host: 'a' }))
    expect(said).toMatch(/^1 host: persisted\nThe gate tcp 1 failed before the change .* a \(refused\)/)
  })
})
