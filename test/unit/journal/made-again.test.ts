import { expect, it } from 'vitest'
import type { HostRecord } from '../../../src/journal/host-record.ts'
import { madeAgain } from '../../../src/journal/made-again.ts'

const run = (name: string, host: HostRecord) => ({ run: name, hosts: new Map([['a', host]]) })
const handover = { nonce: 'n', bootId: 'b', confirmTimeout: 1, base: 1, generation: 2, at: '' }

const applied = (name: string, generation: number) =>
  run(name, {
    handover,
    base: generation - 1,
    generation,
    outcome: { host: 'a', state: 'persisted', generation },
  })
const rolledBack = (name: string, from: number, to: number) =>
  run(name, {
    handover,
    base: from,
    generation: from + 1,
    back: { from, to },
    outcome: { host: 'a', state: 'persisted' },
  })
const tookBack = (name: string, to: number) =>
  run(name, {
    handover,
    base: to,
    generation: to + 2,
    outcome: {
      host: 'a',
      state: 'reverted',
      finding: { code: 'taken-back', severity: 'error', args: { to } },
    },
  })

const ofFirst = (...later: readonly ReturnType<typeof run>[]) => madeAgain('a', applied('first', 2), later)

it('a run that took its change back has made again what it found', () => {
  expect(ofFirst(tookBack('failed', 2))).toEqual([{ run: 'failed', generation: 4 }])
  expect(ofFirst(tookBack('failed', 2), tookBack('again', 4))).toHaveLength(2)
})

it('a rollback of what came between has made it again', () => {
  const found = ofFirst(applied('second', 3), rolledBack('back', 3, 2))
  expect(found).toEqual([{ run: 'back', generation: 4 }])
})

it('whatever else a later run brought is its own', () => {
  expect(ofFirst(applied('second', 3))).toEqual([])
  expect(ofFirst(rolledBack('further', 2, 1))).toEqual([])
  expect(ofFirst(applied('second', 3), tookBack('failed', 3))).toEqual([])
  expect(madeAgain('b', applied('first', 2), [tookBack('failed', 2)]), 'another host').toEqual([])
})

it('nothing counts where fleet was removed meanwhile: numbers began anew', () => {
  const removed = run('removed', {
    handover,
    base: 2,
    generation: 0,
    outcome: { host: 'a', state: 'persisted' },
  })
  expect(ofFirst(removed, tookBack('failed', 2))).toEqual([])
})
