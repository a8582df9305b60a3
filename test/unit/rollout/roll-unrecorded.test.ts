import { describe, expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { atOnce } from './engine-steps.ts'
import { rollWith } from './roll-world.ts'

/* A rollout whose journal is lost on the way: the disk is full when a host is to be armed. */

const arming = (host: string) => (event: Event) =>
  event.type === 'host-step' && event.step === 'arming' && event.host === host

describe('where nothing can be written down any more', () => {
  it('nobody is armed, who was armed before comes to its end, and the rest is not started', async () => {
    const { words, why, fleet } = await rollWith({
      hosts: { a: 'slow', b: 'good', c: 'good', d: 'good' },
      stages: [['a', 'b', 'c'], ['d']],
      parallel: atOnce(2),
      fullAt: arming('c'),
    })
    expect(words).toEqual({
      a: 'persisted',
      b: 'persisted',
      c: 'not started: journal-lost',
      d: 'not started',
    })
    expect(why).toBe('journal-lost')
    expect(fleet.get('c')?.verbs).toEqual([])
  })

  it('no failure that follows starts anything, and that is why it ended', async () => {
    const { words, why } = await rollWith({
      hosts: { a: 'hangs', b: 'good', c: 'good' },
      stages: [['a', 'b', 'c']],
      parallel: atOnce(2),
      hostTimeout: 20_000,
      onFailure: 'pause',
      fullAt: arming('c'),
    })
    expect(words).toMatchObject({ a: 'reverted: host-overdue', b: 'persisted' })
    expect(why).toBe('journal-lost')
  })

  it('hosts that are being taken back go back all the same', async () => {
    const { words } = await rollWith({
      hosts: { a: 'good', b: 'good', c: 'locks out' },
      stages: [['a', 'b'], ['c']],
      onFailure: 'revert-all',
      fullAt: ({ type }) => type === 'taking-back',
    })
    expect(words).toEqual({
      a: 'reverted: taken-back',
      b: 'reverted: taken-back',
      c: 'reverted: rolled-back',
    })
  })
})
