import { describe, expect, it } from 'vitest'
import { wayOfRun } from '../../../src/cli/way-of.ts'
import { recordOf } from '../../../src/journal/record.ts'
import type { Event } from '../../../src/model/event.ts'
import type { HostState } from '../../../src/model/host-state.ts'

const started: Event = { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 1 }
const armed = (base: number, generation = base + 1): Event => ({
  type: 'host-step',
  host: 'a',
  step: 'arming',
  nonce: 'n',
  bootId: 'b',
  confirmTimeout: 60_000,
  base,
  generation,
})
const ended = (state: HostState): Event => ({ type: 'host-settled', host: 'a', state })

function wayAfter(...events: readonly Event[]) {
  const record = recordOf([started, ...events].map(event => ({ at: '', event })))
  return record && wayOfRun('a', record)
}

const TO_6 = { to: 6, made: { run: 'r', base: 6, latest: 7 } }

describe('the way back of a run', () => {
  it.each(['persisted', 'confirmed, not persisted', 'unknown', 'stuck'] as const)(
    'leads a host that is %s to what it had before',
    state => {
      expect(wayAfter(armed(6), ended(state))).toEqual(TO_6)
    },
  )

  it.each(['reverted', 'failed', 'refused'] as const)('is none for a host that is %s', state => {
    expect(wayAfter(armed(6), ended(state))).toBeUndefined()
  })

  it('is none for a host that was never armed', () => {
    expect(wayAfter(ended('not started'))).toBeUndefined()
    expect(wayAfter(ended('unchanged'))).toBeUndefined()
    expect(wayAfter()).toBeUndefined()
  })

  it('leaves out no host of a run that died', () => {
    expect(wayAfter(armed(6))).toEqual(TO_6)
    expect(wayAfter(armed(6), ended('reverted'), armed(6)), 'tried again').toEqual(TO_6)
  })

  it.each<readonly [string, readonly Event[]]>([
    ['was being confirmed when fleet died', []],
    ['came to nothing', [ended('persisted')]],
    ['ended unknown', [ended('unknown')]],
    ['is confirmed and not stored', [ended('confirmed, not persisted')]],
  ])('never leads to what the run brought: its own way back %s', (_, events) => {
    const way = wayAfter(armed(6), ended('persisted'), armed(7), ...events)
    expect(way).toEqual({ to: 6, made: { run: 'r', base: 6, latest: 8 } })
  })

  it('is none where the run has taken the host back itself', () => {
    expect(wayAfter(armed(6), ended('persisted'), armed(7), ended('reverted'))).toBeUndefined()
  })

  it('of a first contact leads to before fleet', () => {
    expect(wayAfter(armed(0), ended('persisted'), armed(1, 0), ended('persisted'))).toEqual({
      to: 0,
      made: { run: 'r', base: 0, latest: 0 },
    })
  })
})
