import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Attempt, useTrial } from '../faults/trial.ts'
import { settledAs, step } from '../integration/hosts/site.ts'

/* A run that has an end is gone on with by its name: one that somebody stopped, one with hosts that failed their checks. */

const NAMES = ['c1', 'c2', 'l1', 'i1', 'i2', 'i3', 't1', 't2', 'u1', 'u2']
const trial = useTrial('resume-ended', NAMES)

const runOf = async ({ site }: Attempt) => (await readdir(site.journals))[0]?.replace('.jsonl', '') ?? ''

const resume = ({ site }: Attempt, ...args: readonly string[]): Attempt => ({
  site,
  running: site.start('resume', ...args),
})

const stagesOf = (names: readonly string[]) => ['--stages', names.map((_, at) => at + 1).join(',')]

/** A run whose first host persists, and fails its gate at the end of its stage. */
async function failsItsCheck(...names: readonly [string, ...string[]]): Promise<Attempt> {
  await Promise.all(names.map(name => trial.must(name, 'touch /root/serves')))
  const site = await trial.newSite(names, {
    'fleet.yml': 'rollout: {gates: [{command: test -e /root/serves}], soak: 2s}\n',
  })
  const attempt = trial.start(site, '--confirm-timeout', '60', ...stagesOf(names))
  await attempt.running.until(settledAs(names[0], 'persisted'))
  await trial.must(names[0], 'rm /root/serves')
  return attempt
}

const checks = ({ running }: Attempt) =>
  running.events.flatMap(event =>
    event.type === 'host-checked' ? [`${event.host} ${event.finding?.code ?? 'passes'}`] : [],
  )

describe.concurrent('a host that persisted and failed its check', () => {
  it('is checked again before anybody is started, and keeps the run stopped until it passes', async () => {
    const attempt = await failsItsCheck('c1', 'c2')
    await trial.ends(attempt, 3, { c1: 'persisted', c2: 'not started' })
    const failing = resume(attempt, await runOf(attempt))
    await trial.ends(failing, 3, { c2: 'not started' })
    expect(checks(failing)).toEqual(['c1 gate-fail'])
    expect(failing.running.events.some(step('c2', 'arming'))).toBe(false)
    await trial.must('c1', 'touch /root/serves')
    const passing = resume(attempt, await runOf(attempt))
    await trial.ends(passing, 0, { c1: 'persisted', c2: 'persisted' })
    expect(checks(passing)[0]).toBe('c1 passes')
  })

  it('is all that is left of a run, until it passes', async () => {
    const attempt = await failsItsCheck('l1')
    await trial.ends(attempt, 3, { l1: 'persisted' })
    const run = await runOf(attempt)
    expect(await resume(attempt, run).running.verdict()).toEqual({ code: 3, hosts: {} })
    await trial.must('l1', 'touch /root/serves')
    await trial.ends(resume(attempt, run), 0, { l1: 'persisted' })
    const done = await attempt.site.fleet('resume', run)
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing is left to do') })
  })
})

describe.concurrent('a run that was stopped', () => {
  it('by Ctrl-C in a pause is gone on with by its name alone, and cannot be promoted', async () => {
    const attempt = await trial.begin(['i1', 'i2', 'i3'], ...stagesOf(['i1', 'i2', 'i3']), '--manual')
    await attempt.running.until(({ type }) => type === 'rollout-paused')
    attempt.running.child.kill('SIGINT')
    await trial.ends(attempt, 3, { i1: 'persisted', i2: 'not started', i3: 'not started' })
    const run = await runOf(attempt)
    expect(await attempt.site.fleet('promote', run)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not going on'),
    })
    const unnamed = resume(attempt)
    await trial.ends(unnamed, 3, { i1: 'persisted', i2: 'not started', i3: 'not started' })
    expect((await unnamed.running.end()).stderr).toContain(`\`fleet resume ${run}\` goes on with`)
    const named = resume(attempt, run)
    await named.running.until(({ type }) => type === 'rollout-paused')
    await trial.isOn('i3', 'OLD')
    expect(await attempt.site.fleet('promote', run)).toMatchObject({ code: 0 })
    await trial.ends(named, 0, { i2: 'persisted', i3: 'persisted' })
  })

  it('by SIGTERM brings hosts in flight to their end, and starts the rest by its name', async () => {
    const attempt = await trial.begin(['t1', 't2'], ...stagesOf(['t1', 't2']))
    await attempt.running.until(step('t1', 'armed'))
    attempt.running.child.kill('SIGTERM')
    await trial.ends(attempt, 3, { t1: 'persisted', t2: 'not started' })
    await trial.ends(resume(attempt, await runOf(attempt)), 0, { t2: 'persisted' })
  })

  it('and had a host of which nobody knew has that one asked without its name, and nobody started', async () => {
    const attempt = await trial.begin(['u1', 'u2'], ...stagesOf(['u1', 'u2']), '--manual')
    await attempt.running.until(({ type }) => type === 'rollout-paused')
    attempt.running.child.kill('SIGINT')
    await trial.ends(attempt, 3, { u1: 'persisted', u2: 'not started' })
    const journal = join(attempt.site.journals, (await readdir(attempt.site.journals))[0] ?? '')
    const told = await readFile(journal, 'utf8')
    const lost = told
      .replace('"host":"u1","state":"persisted"', '"host":"u1","state":"unknown"')
      .replaceAll('"code":"stopped"', '"code":"gate-fail"')
    await writeFile(journal, lost)
    const unnamed = resume(attempt)
    expect(await unnamed.running.verdict()).toEqual({ code: 3, hosts: { u1: 'persisted' } })
    const { events } = unnamed.running
    expect(events.some(({ type }) => type === 'rollout-planned' || type === 'rollout-paused')).toBe(false)
    expect(events.find(({ type }) => type === 'rollout-stopped')).toMatchObject({
      why: { code: 'gate-fail' },
    })
    expect((await unnamed.running.end()).stderr).toContain('nobody is started')
    await trial.isOn('u2', 'OLD')
  })
})
