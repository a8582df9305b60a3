import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/model/event.ts'
import type { Finding } from '../../../src/model/finding.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import { printSummary } from '../../../src/report/summary.ts'

const many = (count: number, state: HostState, name = 'h'): Outcome[] =>
  Array.from({ length: count }, (_, at) => ({ host: `${name}${at + 1}`, state }))
const failed = (host: string, state: HostState, code: string, args = {}): Outcome => ({
  host,
  state,
  finding: { code, severity: 'error', args },
})

describe('a summary', () => {
  it('folds hosts that came out the same', () => {
    expect(
      printSummary([...many(2, 'persisted'), ...many(47, 'unchanged', 'u'), ...many(1, 'persisted', 'x')]),
    ).toBe('47 hosts: unchanged\n3 hosts: persisted\n')
  })

  it('names them where somebody looks at what became of each', () => {
    expect(printSummary([...many(2, 'persisted'), ...many(1, 'unchanged', 'u')], { isNamed: true })).toBe(
      'u1: unchanged\nh1, h2 (2 hosts): persisted\n',
    )
  })

  it('says of a failed host its state, the cause, and what to do next', () => {
    const text = printSummary([failed('web7', 'reverted', 'rolled-back', { why: 'deadline' })])
    expect(text).toBe(
      'web7: reverted: The host put its old rules back: no fresh connection of fleet came through before the time was up: the new rules lock it out.\n' +
        '  The old rules are in force again. Correct what is wrong, and run it again with -l web7.\n',
    )
  })

  it('says of hosts that were to go back from where to where', () => {
    const way = { from: 2, to: 1 }
    const ways = new Map([
      ['h1', way],
      ['h2', way],
      ['h3', { from: 7, to: 5 }],
      ['x1', { from: 1, to: 0 }],
    ])
    const stuck = failed('x1', 'stuck', 'rollback-stuck')
    const text = printSummary([...many(3, 'persisted'), stuck, ...many(1, 'unchanged', 'u')], { ways })
    expect(text.split('\n').slice(0, 4)).toEqual([
      '1 host: unchanged',
      'h1, h2 (2 hosts): persisted, from generation 2 back to what generation 1 said',
      'h3: persisted, from generation 7 back to what generation 5 said',
      expect.stringMatching(
        /^x1: stuck, on the way from generation 1 back to what stood before fleet: The host/,
      ),
    ])
  })

  it('says how hosts that failed are caught up, where there is such a way', () => {
    const rest = '20260131-120000-beef'
    const text = printSummary([...many(1, 'persisted'), ...many(1, 'unreachable', 'u')], { rest })
    expect(text).toMatch(/\n`fleet resume 20260131-120000-beef` catches up what is left\.\n$/)
    expect(printSummary(many(2, 'persisted'), { rest })).toBe('2 hosts: persisted\n')
  })

  it.each([
    ['not-taken-back', { to: 4, state: 'unreachable', last: 'connect-timeout' }],
    ['gate-fail', { gate: 'tcp 443', detail: 'refused', host: 'web7' }],
  ])('says how a host that stands on its new rules is taken back: %s', (code, args) => {
    const text = printSummary([failed('web7', 'persisted', code, args)])
    expect(text).toMatch(/\n {2}[^\n]*`fleet rollback -l web7` takes it back/)
    expect(printSummary([failed('web7', 'reverted', code, args)])).not.toContain('fleet rollback')
  })

  it('says of one that was new to fleet, and has no generation of before, that fleet is removed from it', () => {
    const args = { to: 0, state: 'failed', last: 'arm-lost' }
    const text = printSummary([failed('web7', 'persisted', 'not-taken-back', args)])
    expect(text).toMatch(/\n {2}When the cause is mended, `fleet remove -l web7` takes it back\.\n/)
  })

  it('says of a rollback that came to nothing that the host has what it had before it', () => {
    const ways = new Map([['web7', { from: 7, to: 5 }]])
    const text = printSummary([failed('web7', 'reverted', 'rolled-back', { why: 'deadline' })], { ways })
    expect(text).toContain('\n  It has what it had before this rollback. ')
    expect(text).not.toContain('The old rules are in force again')
  })

  it('names a host whose run planned other rules, what may ask for them, and both ways on', () => {
    const text = printSummary([failed('web7', 'refused', 'other-rules-than-run', { run: 'r1' })])
    expect(text).toMatch(/^web7: refused: [^\n]*feeds or dns: names[^\n]* run r1 planned/)
    expect(text).toMatch(/Put them back and resume it, or begin a new rollout with `fleet apply`\./)
  })

  it('folds failed hosts with one cause and names them all', () => {
    const text = printSummary(
      ['b', 'a'].map(host => failed(host, 'reverted', 'rolled-back', { why: 'asked' })),
    )
    expect(text).toContain('b, a (2 hosts): reverted: ')
    expect(text).toContain('-l b,a.')
  })

  it('tells causes of one kind one by one, and of too many shows a few', () => {
    const silent = (count: number) =>
      many(count, 'unreachable').map(({ host }, at) => {
        const address = `10.0.0.${at + 1}`
        return failed(host, 'unreachable', 'connect-timeout', { host, address, port: 22, seconds: 10 })
      })
    const lines = (count: number) => printSummary(silent(count)).trimEnd().split('\n')
    expect(lines(10)).toHaveLength(20)
    const [first, ...below] = lines(300)
    expect(first).toMatch(/^h1, h2, .*, h300 \(300 hosts\): unreachable, for example:$/)
    expect(below.map(line => line.split(' (')[0])).toEqual([
      '  h1',
      '  h2',
      '  h3',
      '  Nothing was changed there. When that is mended, run it again with -l HOSTS.',
    ])
  })

  it('says of a journal that is lost no more than that', () => {
    const why = { code: 'journal-lost', severity: 'error', args: { reason: 'ENOSPC' } } as const
    expect(printSummary(many(1, 'persisted'), { why })).toMatch(/^1 host: persisted\nThe journal /)
  })

  it('says which gates do not count, of whom and why', () => {
    const note = (hosts: readonly string[], detail: string): Finding => ({
      code: 'gate-failed-before',
      severity: 'warning',
      args: { gate: 'tcp 443', hosts, detail },
    })
    const said = (...notes: readonly Finding[]) =>
      printSummary(many(2, 'persisted'), { notes }).split('\n').slice(1)
    expect(said(note(['web1'], 'refused'), note([], 'the query gives 0'))).toEqual([
      "The gate tcp 443 failed before the change already for web1 (refused), so it doesn't count there.",
      "The gate tcp 443 failed before the change already (the query gives 0), so it doesn't count.",
      '',
    ])
    const names = many(12, 'persisted').map(({ host }) => host)
    expect(said(note(names, 'refused'))[0]).toMatch(/ for h1, h2, .*h10 and 2 more \(h1: refused\), so /)
  })

  it('names hosts in a bad state even without a cause, and the worst last', () => {
    const text = printSummary([
      ...many(1, 'stuck', 's'),
      ...many(1, 'not started', 'n'),
      ...many(1, 'unchanged'),
    ])
    expect(text.split('\n').filter(line => !line.startsWith(' '))).toEqual([
      '1 host: unchanged',
      'n1: not started',
      's1: stuck',
      '',
    ])
  })

  it('shows a warning on a good host', () => {
    const warned: Outcome = {
      host: 'a',
      state: 'persisted',
      finding: { code: 'x', severity: 'warning', args: {} },
    }
    expect(printSummary([warned, ...many(2, 'persisted')])).toBe('a: persisted: x {}\n2 hosts: persisted\n')
  })

  it('colours only when told to', () => {
    const outcomes = [failed('a', 'failed', 'arm-lost')]
    expect(printSummary(outcomes)).not.toContain('\u001b')
    expect(printSummary(outcomes, { color: true })).toContain('\u001b[31m')
  })
})
