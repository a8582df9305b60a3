import { expect, it } from 'vitest'
import type { Event } from '../../../src/model/event.ts'
import { printTalk } from '../../../src/report/talk.ts'

const HOST = { host: 'web7' }
const EVENTS: readonly Event[] = [
  { type: 'host-step', ...HOST, step: 'arming' },
  { type: 'host-asked', host: 'web8', verb: 'arm' },
  { type: 'host-asked', ...HOST, verb: 'await' },
  { type: 'host-answered', ...HOST, verb: 'await', error: 'connection-lost' },
  { type: 'host-answered', ...HOST, verb: 'rollback', code: 10, state: 'ROLLED_BACK', reason: 'asked' },
  { type: 'host-gate', ...HOST, gate: 'tcp 443', when: 'applied', is: 'fail', detail: 'timeout\u001b[2J' },
  { type: 'run-resumed', run: 'r', who: 'me@here', writer: { pid: 1, start: '' } },
  {
    type: 'host-settled',
    ...HOST,
    state: 'reverted',
    finding: { code: 'stopped', severity: 'error', args: {} },
  },
]

it('the talk with a host begins with the run that it was in', () => {
  const started: Event = {
    type: 'run-started',
    run: '20260131-223000-ab12',
    who: 'me@here',
    command: 'apply',
    hosts: 2,
    inventory: [],
    writer: { pid: 1, start: '' },
    flags: {},
    extraVars: false,
    rollout: {},
  }
  const recorded = [started, ...EVENTS.slice(0, 1)].map(event => ({ at: '2026-01-31T22:30:01.250Z', event }))
  expect(printTalk(recorded, 'web7')).toBe(
    'web7 in run 20260131-223000-ab12 of me@here, 2026-01-31, times in UTC\n22:30:01.250  arming\n',
  )
})

it('the talk with one host is a line each, and nothing in it is obeyed by a terminal', () => {
  const recorded = EVENTS.map(event => ({ at: '2026-01-31T22:30:01.250Z', event }))
  const lines = printTalk(recorded, 'web7').split('\n')
  expect(lines.map(line => line.slice('22:30:01.250  '.length))).toEqual([
    'arming',
    '  asked await',
    '  await: no answer (connection-lost)',
    '  rollback: exit code 10, ROLLED_BACK, asked',
    String.raw`gate tcp 443, applied: fail, timeout\x1b[2J`,
    'me@here goes on with the run',
    expect.stringMatching(/^reverted: .+/),
    '',
  ])
  expect(lines[0]).toBe('22:30:01.250  arming')
})
