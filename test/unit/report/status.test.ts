import { describe, expect, it } from 'vitest'
import type { HostStatus, StatusGeneration, Transaction } from '../../../src/host/status.ts'
import { statusLine } from '../../../src/report/json.ts'
import { type Asked, conditionOf, exitCodeOfStatus, printStatus } from '../../../src/report/status.ts'

const GENERATION: StatusGeneration = {
  number: 3,
  who: 'me@here',
  made: '2026-01-02T03:04:05.006Z',
  run: 'r1',
  nonce: 'n',
  whole: true,
  linked: true,
  plugins: true,
  enabled: true,
}
const change = (state: string, more: Partial<Transaction> = {}): Transaction => ({
  nonce: `n-${state}`,
  run: 'r2',
  who: 'you@there',
  since: '2026-01-03T00:00:00.000Z',
  state,
  why: '',
  isRemoval: false,
  ...more,
})
const status = (more: Partial<HostStatus> = {}): HostStatus => ({
  bootId: 'b',
  up: 0,
  isTouched: true,
  isArming: false,
  generation: GENERATION,
  guard: undefined,
  unstored: undefined,
  last: undefined,
  ...more,
})
const asked = (host: string, more: Partial<HostStatus> = {}): Asked => ({ host, status: status(more) })
const guard = (state: string, alive = true, more: Partial<Transaction> = {}) => ({
  ...change(state, more),
  alive,
})
const DOWN: Asked = {
  host: 'down',
  state: 'unreachable',
  finding: { code: 'x', severity: 'error', args: {} },
}

describe('a host that is not as it usually is', () => {
  it('says that it is in lockdown, and what its release leads to', () => {
    const locked = (lockdown: number) =>
      printStatus([asked('a', { generation: { ...GENERATION, lockdown } })])
    expect(locked(2)).toMatch(/^a: generation 3.*\n {2}in lockdown: .*--release` goes back to generation 2$/m)
    expect(locked(0)).toContain('goes back to what stood before fleet')
  })

  it('has no rules of fleet, and says where to ask what it blocks', () => {
    const bare = { generation: undefined, isTouched: false }
    expect(printStatus([asked('a', bare)])).toBe('a: nothing of fleet is there\n')
    expect(printStatus([asked('a', { ...bare, blocks: { hash: 'h', isPersisted: true } })])).toBe(
      'a: no rules of fleet; what it blocks: `fleet blocks`\n',
    )
  })

  it('says what it lacks of the ledger, and is pending', () => {
    const behind = { code: 'blocks-behind', severity: 'note', args: { why: 'missing', entries: 1 } } as const
    const host: Asked = { host: 'a', status: status(), behind }
    expect(conditionOf(host)).toBe('pending')
    expect(printStatus([host])).toContain('It blocks nothing of what the ledger says')
    expect(JSON.parse(statusLine(host))).toMatchObject({
      condition: 'pending',
      behind: { code: 'blocks-behind' },
    })
  })
})

describe('the condition of a host', () => {
  it.each([
    ['settled', {}],
    ['settled', { generation: undefined, isTouched: false }],
    ['settled', { guard: guard('PERSISTED') }],
    ['pending', { guard: guard('ARMED') }],
    ['pending', { guard: guard('APPLYING') }],
    ['pending', { guard: guard('APPLIED') }],
    ['pending', { guard: guard('ROLLING_BACK') }],
    ['pending', { generation: { ...GENERATION, linked: false } }],
    ['pending', { generation: { ...GENERATION, enabled: false } }],
    ['pending', { generation: { ...GENERATION, lockdown: 2 } }],
    ['in danger', { guard: guard('STUCK') }],
    ['in danger', { guard: guard('CONFIRMED') }],
    ['in danger', { guard: guard('APPLIED', false) }],
    ['in danger', { unstored: change('CONFIRMED'), guard: guard('ARMED') }],
    ['in danger', { last: change('CONFIRMED') }],
    ['in danger', { generation: { ...GENERATION, whole: false } }],
    ['in danger', { generation: { ...GENERATION, whole: false }, guard: guard('ARMED') }],
  ] as const)('%s: %j', (condition, more) => {
    expect(conditionOf(asked('a', more))).toBe(condition)
  })

  it('decides the exit code, the worst first', () => {
    const [armed, stuck] = [asked('b', { guard: guard('ARMED') }), asked('c', { guard: guard('STUCK') })]
    expect(exitCodeOfStatus([asked('a')])).toBe(0)
    expect(exitCodeOfStatus([asked('a'), armed])).toBe(2)
    expect(exitCodeOfStatus([armed, DOWN])).toBe(3)
    expect(exitCodeOfStatus([DOWN, stuck, armed])).toBe(4)
  })
})

describe('a status', () => {
  it('folds hosts that are alike, whatever the moment they were made at', () => {
    const later = { ...GENERATION, made: '2026-01-02T03:04:59.000Z', nonce: 'm' }
    expect(printStatus([asked('a'), DOWN, asked('b', { generation: later })])).toBe(
      'a, b (2 hosts): generation 3, made 2026-01-02 03:04 UTC by me@here (run r1)\ndown: unreachable: x {}\n',
    )
  })

  it('says what is under way, and the least time that is left', () => {
    const [soon, late] = [1500, 41_000].map(left => guard('APPLIED', true, { nonce: `${left}`, left }))
    const text = printStatus([
      asked('a', { guard: late, last: late }),
      asked('b', { guard: soon, last: soon }),
    ])
    expect(text).toBe(
      'a, b (2 hosts): generation 3, made 2026-01-02 03:04 UTC by me@here (run r1)\n' +
        '  change applied and not confirmed; rolls back in 2 s unless it goes on (run r2 of you@there, since 2026-01-03 00:00 UTC)\n',
    )
  })

  it('says how the last change ended, and what to do where nobody finishes one', () => {
    const last = change('ROLLED_BACK', { why: 'deadline' })
    expect(printStatus([asked('a', { last })])).toContain(
      'last change since the boot: rolled back (deadline), run r2',
    )
    expect(printStatus([asked('a', { guard: guard('APPLIED', false, { left: 900 }) })])).toContain(
      'applied and not confirmed; its guard is gone: `fleet resume` or the next apply finishes it',
    )
    expect(printStatus([asked('a', { generation: { ...GENERATION, plugins: false } })])).toContain(
      "a boot would not load it: fleet's plugins are not installed. `fleet apply` mends it",
    )
  })

  it('says what became of what somebody saved meanwhile, and that it is a danger where it boots', () => {
    const last = (saved: 'aside' | 'boots') => change('ROLLED_BACK', { why: 'deadline', saved })
    const [aside, boots] = [asked('a', { last: last('aside') }), asked('b', { last: last('boots') })]
    const text = printStatus([aside, boots])
    expect(text).toMatch(
      /^a: .*\n.*; what somebody saved meanwhile lies in \/etc\/iptables as rules\.v4\.unconf/,
    )
    expect(text).toMatch(/^b: .*\n.*; a boot loads what somebody saved meanwhile, which nobody confirmed/m)
    expect([conditionOf(aside), conditionOf(boots)]).toEqual(['settled', 'in danger'])
  })

  it('says that an older generation boots than was confirmed', () => {
    const older = asked('a', { generation: { ...GENERATION, newer: 5 } })
    expect(printStatus([older])).toContain('generation 5 was confirmed after it, and does not boot')
    expect(conditionOf(older)).toBe('pending')
  })

  it('says what is confirmed and not on disk, beside the change that came over it', () => {
    const unstored = change('CONFIRMED', { run: 'r1' })
    expect(printStatus([asked('a', { unstored, guard: guard('ARMED'), last: unstored })])).toBe(
      'a: generation 3, made 2026-01-02 03:04 UTC by me@here (run r1)\n' +
        '  change armed, and nothing is changed yet (run r2 of you@there, since 2026-01-03 00:00 UTC)\n' +
        '  change confirmed, and not on disk: a boot loads older rules, unless the one above is confirmed (run r1 of you@there, since 2026-01-03 00:00 UTC)\n',
    )
  })

  it('shows nothing that a terminal would obey', () => {
    expect(printStatus([asked('a', { generation: { ...GENERATION, who: '\u001b[2J' } })])).toContain(
      '\\x1b[2J',
    )
  })

  it('is one line of JSON a host', () => {
    expect(JSON.parse(statusLine(asked('a', { guard: guard('ARMED') })))).toMatchObject({
      type: 'host-status',
      host: 'a',
      condition: 'pending',
      touched: true,
      generation: { number: 3 },
      guard: { state: 'ARMED' },
      last: null,
    })
    expect(JSON.parse(statusLine(DOWN))).toMatchObject({
      host: 'down',
      condition: 'unreadable',
      state: 'unreachable',
    })
  })
})
