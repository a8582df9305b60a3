import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Attempt, useTrial } from '../faults/trial.ts'
import { settledAs, step } from '../integration/hosts/site.ts'

/* A run that is gone on with brings its hosts the rules that it had planned, whatever inventory and templates say by then. */

const trial = useTrial('resume-rules', ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'o1', 'o2'])

const OTHERS = 'http_ports: [80, 9443]\n'

const begin = (names: readonly string[], ...args: readonly string[]) =>
  trial.begin(names, '--confirm-timeout', '60', '--stages', names.map((_, at) => at + 1).join(','), ...args)

const journalOf = async ({ site }: Attempt) => join(site.journals, (await readdir(site.journals))[0] ?? '')

const runOf = async (attempt: Attempt) => /([^/]*)\.jsonl$/.exec(await journalOf(attempt))?.[1] ?? ''

const resume = ({ site }: Attempt, ...args: readonly string[]): Attempt => ({
  site,
  running: site.start('resume', ...args),
})

describe.concurrent('fleet resume', () => {
  it('refuses hosts that would get rules which no canary had, until those of the run are back', async () => {
    const attempt = await begin(['a1', 'a2', 'a3'])
    await attempt.running.until(step('a1', 'armed'))
    await attempt.running.kill()
    await attempt.site.write({ 'group_vars/web.yml': OTHERS })
    await trial.ends(resume(attempt), 3, {
      a1: 'persisted',
      a2: 'refused: other-rules-than-run',
      a3: 'refused: other-rules-than-run',
    })
    await attempt.site.write({ 'group_vars/web.yml': 'http_ports: [80, 8443]\n' })
    await trial.ends(resume(attempt, await runOf(attempt)), 0, { a2: 'persisted', a3: 'persisted' })
  })

  it('goes on with the others, and checks a host by what it was left with', async () => {
    const attempt = await begin(['b1', 'b2', 'b3'], '--soak', '1s', '--max-failures', '1')
    await attempt.running.until(settledAs('b1', 'persisted'))
    await attempt.running.kill()
    await attempt.site.write({ 'host_vars/b1.yml': OTHERS, 'host_vars/b3.yml': OTHERS })
    const again = resume(attempt)
    await trial.ends(again, 3, { b2: 'persisted', b3: 'refused: other-rules-than-run' })
    const checked = again.running.events.flatMap(event => (event.type === 'host-checked' ? [event] : []))
    expect(checked.map(({ host }) => host).toSorted()).toEqual(['b1', 'b1', 'b2'])
    expect(checked.filter(({ finding }) => finding)).toEqual([])
    await trial.isOn('b1', 'NEW')
  })

  it('says so where the journal of an older fleet does not know what was planned', async () => {
    const attempt = await begin(['o1', 'o2'])
    await attempt.running.until(step('o1', 'armed'))
    await attempt.running.kill()
    const journal = await journalOf(attempt)
    const lines = (await readFile(journal, 'utf8')).split('\n')
    await writeFile(journal, lines.filter(line => !line.includes('"rules-rendered"')).join('\n'))
    await attempt.site.write({ 'group_vars/web.yml': OTHERS })
    const again = resume(attempt)
    await trial.says(again, 0, { o1: 'persisted', o2: 'persisted' })
    expect((await again.running.end()).stderr).toContain('is of an older fleet')
    expect(await trial.must('o2', 'iptables-save')).toContain('--dports 80,9443')
  })
})
