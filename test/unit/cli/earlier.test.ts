import { expect, it } from 'vitest'
import { leftOf } from '../../../src/cli/earlier.ts'
import { recordOf } from '../../../src/journal/record.ts'
import type { Event } from '../../../src/model/event.ts'

const started: Event = { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 1 }
const resumed: Event = { type: 'run-resumed', run: 'r', who: 'me', writer: { pid: 1, start: '' } }
const ended: Event = { type: 'run-ended', run: 'r', states: {} }

/** Events an hour apart from each other, from midnight on. */
function sinceWhen(...events: readonly Event[]): string | undefined {
  const at = (hour: number) => `2026-01-31T0${hour}:00:00.000Z`
  const record = recordOf(events.map((event, hour) => ({ at: at(hour), event })))
  if (!record) throw new Error('a run has begun')
  const { since } = leftOf([], record.hosts, { record, isNamed: true })
  return since === undefined ? undefined : new Date(since).toISOString().slice(11, 16)
}

it('a run that has no end is as old as when it began after its last one', () => {
  expect(sinceWhen(started)).toBe('00:00')
  expect(sinceWhen(started, resumed)).toBe('00:00')
  expect(sinceWhen(started, ended, resumed)).toBe('02:00')
  expect(sinceWhen(started, ended, resumed, resumed)).toBe('02:00')
})

it('a run that has one is tried anew', () => {
  expect(sinceWhen(started, ended)).toBeUndefined()
})
