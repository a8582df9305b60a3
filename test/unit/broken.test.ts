import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { misfits } from '../faults/broken/break.ts'
import { BREAKS } from '../faults/broken/breaks.ts'
import { judge, type Report } from '../faults/broken/verdict.ts'

/* What `npm run faults:broken` breaks, and how it tells a scenario that noticed from one that fell over. */

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

describe('the table of breaks', () => {
  it('fits the source: who changes a safeguard changes its break, and sees it red', () => {
    expect(BREAKS.flatMap(one => misfits(one, read))).toEqual([])
  })

  it('says what does not fit', () => {
    const one = { name: 'x', file: 'a.sh', from: 'b', to: 'c', red: ['a.test.ts', 'is so'] } as const
    const files = (text: string) => (path: string) => (path === 'src/a.sh' ? text : undefined)
    expect(misfits(one, files('abab'))).toEqual([
      'x: src/a.sh has its text 2 times, not once',
      'x: there is no test/a.test.ts',
    ])
    expect(misfits({ ...one, to: 'b' }, () => undefined)).toEqual([
      'x: there is no src/a.sh',
      'x: it changes nothing',
      'x: there is no test/a.test.ts',
    ])
  })

  it('has a name for each', () => {
    const names = BREAKS.map(({ name }) => name)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it('turns a scenario red of every file of faults, and of what finishes or undoes a change', () => {
    const files = ['faults', 'faults/long', 'host/program'].flatMap(folder =>
      readdirSync(`test/${folder}`)
        .filter(name => name.endsWith('.test.ts'))
        .map(name => `${folder}/${name}`),
    )
    const commands = ['integration/packages', 'rollout/remove', 'rollout/resume', 'rollout/status'].map(
      name => `${name}.test.ts`,
    )
    const red = new Set(BREAKS.map(one => one.red[0]))
    expect([...files, ...commands].filter(file => !red.has(file))).toEqual([])
  })
})

describe('a scenario', () => {
  const report = (message: string, ...cases: Report['testResults'][number]['assertionResults']): Report => ({
    testResults: [{ message, assertionResults: cases }],
  })
  const skipped = { status: 'skipped' }
  const failed = (...failureMessages: string[]) => ({ status: 'failed', failureMessages })

  it.each([
    ['AssertionError: expected 1 to be 2'],
    ['Error: still not so: "APPLIED-1-2"'],
    ['Error: not in time: ROLLED_BACK, not APPLIED-1-2'],
    ['Error: promise resolved "{}" instead of rejecting'],
    ["Error: expected FleetError: host-storage { …(4) } to match object { code: 'host-changed' }"],
  ])('is red by what it asserts or waits for: %s', said => {
    const verdict = judge(report('', skipped, failed(`${said}\n    at x.ts:1:2`)), 3)
    expect(verdict).toEqual({ is: 'red', said, seconds: 3 })
  })

  it.each([
    ['by an error that nobody expected', report('', failed('TypeError: x is not a function'))],
    ['by running out of time', report('', failed('Error: Test timed out in 60000ms.'))],
    ['where its file does not load', report('SyntaxError: no')],
    ['where its lab does not start', report('lab-host-failed', skipped)],
    ['without a report', undefined],
  ])('is not red %s', (_, one) => {
    expect(judge(one, 3).is).toBe('another error')
  })

  it('is red by an error that its break announces', () => {
    const one = report('', failed('Error: fleet ended (2) before that:'))
    expect(judge(one, 3, /fleet ended \(2\)/).is).toBe('red')
  })

  it('is green where it passes, and nothing where there is none of that name', () => {
    expect(judge(report('', { status: 'passed' }, skipped), 3).is).toBe('green')
    expect(judge(report('', skipped), 3).is).toBe('no test')
  })
})
