import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/model/run.ts'
import { makeSite, type Running, type Site, step } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Runs as others see them: while they go on, from another terminal, and afterwards. */

const NAMES = ['h1', 'h2', 'h3']
const lab = useTestLab('history', NAMES, { packages: true })

const site = (ports: string): Promise<Site> =>
  makeSite(lab(), ['[web]', ...NAMES], { 'group_vars/web.yml': `http_ports: ${ports}\n` })

const runOf = ({ events: [started] }: Running) => (started?.type === 'run-started' ? started.run : '')

async function history(at: Site, ...args: readonly string[]): Promise<readonly RunSummary[]> {
  const { stdout } = await at.fleet('history', '--json', ...args)
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('a run', () => {
  it('is followed from another terminal through its pause to its end', async () => {
    const at = await site('[80]')
    const running = at.start('apply', '--stages', '1,100%', '--manual')
    await running.until(event => event.type === 'rollout-paused')
    const run = runOf(running)
    const piped = await at.fleet('status', run)
    expect(piped).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/: paused, .*1 persisted, 2 open/s),
    })
    expect((await history(at))[0]).toMatchObject({ run, is: 'paused', states: { persisted: 1 } })
    const watched = at.atTerminal(['status', run], /paused: /, () => void at.fleet('promote', run))
    const { code, stdout } = await watched
    expect((await running.end()).code).toBe(0)
    expect(code).toBe(0)
    expect(stdout).toMatch(/observed: 3 to change.*applied stage 1 of 2: 1 persisted/s)
    expect(stdout).toMatch(
      /paused: .*Ctrl-C at its own terminal\.\s.*applied stage 2 of 2: 2 persisted.*3 hosts: persisted/s,
    )
    expect(await at.fleet('history', run)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: ended after/),
    })
    expect(await at.fleet('history', run, '--host', 'h2')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/asked arm\n.*arm: exit code 0\n.*confirm: exit code 0\n.*persisted\n$/s),
    })
    expect(await at.fleet('history', run, '--host', 'h22')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no host called h22 .*Did you mean h2\?/),
    })
  })

  it('that dies while it is watched is shown as dead', async () => {
    const at = await site('[80, 443]')
    const running = at.start('apply', '--stages', '1,100%', '--manual')
    await running.until(event => event.type === 'rollout-paused')
    const run = runOf(running)
    const watched = at.atTerminal(['status', run], /paused: /, () => running.child.kill('SIGKILL'))
    const { code, stdout } = await watched
    expect({ code, stdout }).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/: died, .*fleet resume/s),
    })
    expect((await history(at))[0]).toMatchObject({ run, is: 'died', states: { persisted: 1 } })
    const resumed = at.start('resume')
    await resumed.until(event => event.type === 'rollout-paused')
    await at.fleet('promote', run)
    expect((await resumed.end()).code).toBe(0)
    expect((await history(at))[0]).toMatchObject({ run, is: 'ended', states: { persisted: 3 } })
  })

  it('that died with hosts in flight says which are', async () => {
    const at = await site('[80]')
    const running = at.start('apply')
    await running.until(step('h2', 'armed'))
    await running.kill()
    const { code, stdout } = await at.fleet('status', runOf(running))
    expect(code).toBe(4)
    expect(stdout).toMatch(/^(h\d, )*h2.*: unknown: fleet died while its change was under way/m)
    expect((await at.fleet('resume')).code).toBe(0)
  })

  it('is told on a page of its own, then and later', async () => {
    const at = await site('[80, 8443]')
    const page = join(at.folder, 'page.html')
    expect((await at.fleet('apply', '--report', 'no/such/folder/page.html')).code).toBe(1)
    const { code, stderr } = await at.fleet('apply', '--stages', '1,100%', '--report', 'page.html')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('report: page.html') })
    const text = await readFile(page, 'utf8')
    expect(text).toContain('<h1>3 hosts: done</h1>')
    expect(text).toMatch(/<ins>\+ .*--dports 80,8443.*<\/ins>/)
    expect(text).toMatch(/stage 2<\/th><td class="number">2<\/td>/)
    const [newest, ...others] = await history(at)
    expect(others).toEqual([])
    expect((await at.fleet('history', newest?.run ?? '', '--report', 'later.html')).code).toBe(0)
    expect(await readFile(join(at.folder, 'later.html'), 'utf8')).toBe(text)
    // What is no file is written to, and not replaced.
    const pipe = join(at.folder, 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    const piped = readFile(pipe, 'utf8')
    await at.fleet('history', newest?.run ?? '', '--report', 'pipe')
    expect(await piped).toBe(text)
  })

  it('is one of the last of its inventory', async () => {
    const at = await site('[80, 443]')
    await at.mustApply()
    await at.fleet('apply', '-l', 'h1')
    const runs = await history(at)
    expect(runs.map(({ command, is }) => [command, is])).toEqual([
      ['apply -l h1', 'ended'],
      ['apply inventory.ini', 'ended'],
    ])
    expect(await history(at, '-n', '1')).toHaveLength(1)
    expect((await at.fleet('history', '-i', 'h1,h2,')).stderr).toMatch(/no run of this inventory/)
  })
})
