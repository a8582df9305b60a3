import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../../src/model/run.ts'
import { isRunName } from '../../../src/model/run.ts'
import { runLine } from '../../../src/report/json.ts'
import { printHistory, printRun } from '../../../src/report/runs.ts'

const ended: RunSummary = {
  run: '20260131-223000-ab12',
  who: 'me@here',
  command: 'apply --stages 1,100%',
  inventory: ['/i'],
  since: '2026-01-31T22:30:00.000Z',
  took: 12_400,
  is: 'ended',
  hosts: 47,
  states: { persisted: 46, unreachable: 1 },
}
const WHY = { code: 'budget-spent', severity: 'error', args: { failed: 1, borne: 0 } } as const
const died: RunSummary = {
  ...ended,
  run: '20260130-080000-cd34',
  who: 'somebody@else\u001b[2J',
  is: 'died',
  took: 7_500_000,
  states: { persisted: 6 },
}

describe('runs', () => {
  it('are a line each, and one that died says what to do', () => {
    const [first, second, third] = printHistory([ended, died]).split('\n')
    const rest = 'apply --stages 1,100%'
    expect(first).toBe(
      `20260131-223000-ab12  ended  2026-01-31 22:30 UTC  12 s       me@here               46 persisted, 1 unreachable  ${rest}`,
    )
    expect(second).toBe(
      String.raw`20260130-080000-cd34  died   2026-01-31 22:30 UTC  2 h 5 min  somebody@else\x1b[2J  6 persisted, 41 open         ${rest}`,
    )
    expect(third).toBe('`fleet resume 20260130-080000-cd34` brings to its end what a run that died has left.')
  })

  it('are gone on with as they stood: the newest without its name, which would begin with a fresh budget', () => {
    expect(printHistory([died, ended])).toContain('\n`fleet resume` brings to its end')
    expect(printRun(died)).toContain('`fleet resume` goes on with the newest run as it stood')
  })

  it('that have ended leave no host open: with the others they had nothing to do', () => {
    const back = { ...ended, command: 'rollback 20260130-080000-cd34' }
    expect(printHistory([{ ...back, states: { persisted: 2 } }])).toContain('  2 persisted  rollback')
    expect(printHistory([{ ...back, hosts: 0, states: {} }])).toContain('  no hosts  rollback')
  })

  it('that ended early are told from those that were done', () => {
    expect(printHistory([{ ...ended, why: WHY }])).toContain('  ended early  ')
  })

  it('by themselves say why they wait or ended early', () => {
    expect(printRun({ ...ended, is: 'paused', why: WHY, took: 65_000 })).toBe(
      'run 20260131-223000-ab12 of me@here, since 2026-01-31 22:30 UTC: paused, 1 min 5 s\n' +
        '  fleet apply --stages 1,100%\n' +
        '  47 hosts: 46 persisted, 1 unreachable\n' +
        '  At least one host failed, and none may.\n' +
        '  `fleet promote 20260131-223000-ab12` lets it go on.\n',
    )
    expect(printRun(died)).toContain('`fleet resume 20260130-080000-cd34`')
  })

  it('are JSON with the sentence of why', () => {
    expect(JSON.parse(runLine({ ...ended, why: WHY }))).toEqual({
      type: 'run-summary',
      ...ended,
      why: { ...WHY, message: 'At least one host failed, and none may.' },
    })
  })

  it('are known by their names, also where one is cut off or mistyped', () => {
    const runs = ['20260131-223000-ab12', '20260131-223000-abcx', '20260131-223000-', '20260131-223000']
    expect(runs.map(isRunName)).toEqual([true, true, true, true])
    expect(['20260131-223000-ab12.ini', 'web', '20260131'].map(isRunName)).toEqual([false, false, false])
  })
})
