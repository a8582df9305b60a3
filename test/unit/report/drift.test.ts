import { describe, expect, it } from 'vitest'
import type { Drift } from '../../../src/plan/drift.ts'
import { conditionOf, exitCodeOfDrift, type Looked, printDrift } from '../../../src/report/drift.ts'
import { driftLine } from '../../../src/report/json.ts'
import { printMetrics } from '../../../src/report/metrics.ts'
import type { DiffLine } from '../../../src/ruleset/diff.ts'

const GENERATION = { number: 4, origin: { who: 'me@here', made: '2026-01-02T03:04:05.000Z', run: 'r1' } }
const drift = (host: string, more: Partial<Drift> = {}): Drift => ({
  host,
  kinds: [],
  pending: false,
  findings: [],
  generation: GENERATION,
  live: [],
  disk: [],
  rendered: [],
  strangers: [],
  makers: [],
  up: 0,
  ...more,
})
const fine = (host: string): Looked => ({ host, drift: drift(host) })
const line = (kind: DiffLine['kind'], text: string): DiffLine => ({
  family: 4,
  table: 'filter',
  chain: 'INPUT',
  kind,
  text,
})
const drifted = (host: string, more: Partial<Drift> = {}, since = '2026-01-03T00:00:00.000Z'): Looked => ({
  host,
  since,
  drift: drift(host, {
    kinds: ['rules'],
    findings: [{ code: 'drift-rules', severity: 'warning', args: {} }],
    live: [line(' ', ':INPUT DROP'), line('-', '-A INPUT -j ACCEPT')],
    ...more,
  }),
})
const pending: Looked = {
  host: 'p',
  drift: drift('p', { pending: true, rendered: [line('+', '-A INPUT -p tcp -j ACCEPT')] }),
}
const DOWN: Looked = {
  host: 'down',
  state: 'unreachable',
  finding: { code: 'x', severity: 'error', args: {} },
}

describe('what a look at hosts ends with', () => {
  it.each([
    ['in order', fine('a'), 0],
    ['pending', pending, 2],
    ['drifted', drifted('a'), 2],
    ['not looked at', DOWN, 3],
  ] as const)('%s', (condition, looked, code) => {
    expect(conditionOf(looked)).toBe(condition)
    expect(exitCodeOfDrift([fine('b'), looked, fine('c')])).toBe(code)
  })

  it('is the worst of them', () => {
    expect(exitCodeOfDrift([DOWN, drifted('a'), pending])).toBe(3)
    expect(exitCodeOfDrift([])).toBe(0)
  })
})

describe('drift as text', () => {
  it('is one line where nothing drifted', () => {
    expect(printDrift([fine('a'), fine('b')])).toBe('2 hosts: nothing drifted\n')
  })

  it('folds hosts that are alike, whatever their numbers and moments, and says since when at the earliest', () => {
    const later = { number: 7, origin: { ...GENERATION.origin, made: '2026-01-02T09:00:00.000Z' } }
    const text = printDrift([
      drifted('b', { generation: later, up: 9 }, '2026-01-04T00:00:00.000Z'),
      drifted('a'),
    ])
    expect(text).toBe(`b, a (2 hosts): drifted
  generation 7, 4, confirmed 2026-01-02 03:04 UTC or later by me@here (run r1)
  changed by somebody since 2026-01-03 00:00 UTC; the host keeps no record of whom
  Rules that were confirmed are missing, were changed, or stand in another order. \`fleet apply\` puts them right.
  live, against what was confirmed:
  IPv4, table filter, chain INPUT
      :INPUT DROP
    - -A INPUT -j ACCEPT

2 hosts: 2 drifted
`)
  })

  it('shows what is pending apart, and the worst last', () => {
    const text = printDrift([DOWN, drifted('a'), fine('f'), pending])
    expect(text.match(/^\S.*$/gm)).toEqual([
      'p: pending',
      'a: drifted',
      'down: unreachable: x {}',
      '4 hosts: 1 in order, 1 pending, 1 drifted, 1 not looked at',
    ])
    expect(text).toContain(
      '  pending, and not yet applied (see `fleet plan`):\n  IPv4, table filter, chain INPUT\n',
    )
    expect(text.slice(0, text.indexOf('a: drifted'))).not.toContain('changed by somebody')
  })

  it('says where nobody knows whether something is pending, but not of what was never confirmed', () => {
    const unknown = { kinds: ['damaged'], pending: undefined } as const
    expect(printDrift([drifted('a', unknown)])).toContain('\n  whether other rules are pending')
    const never = { host: 'n', drift: drift('n', { ...unknown, generation: undefined }) }
    expect(printDrift([never])).not.toContain('pending')
    expect(JSON.parse(driftLine(drifted('a', unknown)))).toMatchObject({ drifted: true, pending: null })
    expect(printMetrics([drifted('a', unknown)], 0)).not.toContain('fleet_drift_pending{')
  })

  it('says whose a stranger looks like, and what stands where nothing is kept', () => {
    const text = printDrift([
      drifted('a', {
        makers: ['fail2ban', 'ufw'],
        strangers: [
          { family: 4, table: 'filter', chain: 'INPUT', text: '-j ufw-user', counts: true, maker: 'ufw' },
          { family: 6, table: 'nat', chain: 'OLD', counts: false },
          { family: 4, table: 'filter', chain: 'INPUT', text: '-j DROP', counts: true },
        ],
      }),
    ])
    expect(text).toContain('; beside fleet there: fail2ban, ufw\n')
    expect(text).toContain("not made by fleet: -A INPUT -j ufw-user (ufw's by its name)\n")
    expect(text).toContain('not made by fleet: IPv6: -t nat -N OLD\n')
    expect(text).not.toContain('not made by fleet: -A INPUT -j DROP')
  })

  it('shows nothing that a terminal would obey', () => {
    const origin = { ...GENERATION.origin, who: '\u001b[2J' }
    expect(printDrift([drifted('a', { generation: { number: 1, origin } })])).toContain('\\x1b[2J')
  })
})

it('drift as JSON is one line a host', () => {
  const read = (looked: Looked): unknown => JSON.parse(driftLine(looked))
  expect(read(drifted('a'))).toMatchObject({
    type: 'host-drift',
    host: 'a',
    drifted: true,
    pending: false,
    kinds: ['rules'],
    generation: { number: 4, who: 'me@here', made: '2026-01-02T03:04:05.000Z', run: 'r1' },
    since: '2026-01-03T00:00:00.000Z',
    findings: [{ code: 'drift-rules', message: expect.stringContaining('fleet apply') }],
    live: [{ kind: ' ' }, { kind: '-' }],
    strangers: [],
  })
  expect(read(DOWN)).toMatchObject({ type: 'host-drift', host: 'down', state: 'unreachable' })
  const never = { host: 'n', drift: drift('n', { kinds: ['never-applied'], generation: undefined }) }
  expect(read(never)).toMatchObject({ generation: null, since: null })
})

it('drift as metrics says of each host what is known of it, and says nothing of the others', () => {
  const text = printMetrics([fine('a'), drifted('b"\\'), pending, DOWN], 1_767_412_800_123)
  const lines = text.split('\n')
  const of = (name: string) => lines.filter(one => one.startsWith(`${name}{`))
  expect(of('fleet_drift')).toEqual([
    'fleet_drift{host="a"} 0',
    String.raw`fleet_drift{host="b\"\\"} 1`,
    'fleet_drift{host="p"} 0',
  ])
  expect(of('fleet_drift_kind').filter(one => one.endsWith(' 1'))).toEqual([
    String.raw`fleet_drift_kind{host="b\"\\",kind="rules"} 1`,
  ])
  expect(of('fleet_drift_pending').at(-1)).toBe('fleet_drift_pending{host="p"} 1')
  expect(of('fleet_drift_unreachable').map(one => one.at(-1))).toEqual(['0', '0', '0', '1'])
  expect(lines).toContain('fleet_drift_last_run_timestamp_seconds 1767412800.123')
  const typed = lines.flatMap(one => /^# TYPE (\S+) gauge$/.exec(one)?.[1] ?? [])
  const sampled = lines.flatMap(one => /^(\w+)[{ ]/.exec(one)?.[1] ?? [])
  expect(typed).toEqual([...new Set(sampled)])
  expect(text.endsWith('\n')).toBe(true)
})
