import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeSite, type Site } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* Hooks are told of a run on real hosts, and whatever they do, the run is what it would have been. */

const NAMES = ['h1', 'h2', 'h3']
const lab = useTestLab('hooks', NAMES, { packages: true })

const site = (ports: string, fleetYml: string): Promise<Site> =>
  makeSite(lab(), ['[web]', ...NAMES], {
    'group_vars/web.yml': `http_ports: ${ports}\n`,
    'fleet.yml': fleetYml,
  })

/** What the hook that writes down what it gets got. */
async function told({ folder }: Site) {
  const text = await readFile(join(folder, 'told'), 'utf8')
  await rm(join(folder, 'told'))
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}
const HOOK = '{command: "cat >>told; echo >>told"}'

describe('hooks', () => {
  it('are told of a run in stages, of its pause and of its end', async () => {
    const at = await site('[80]', `hooks: [${HOOK}]\nrollout: {stages: [1, 100%], manual: true}\n`)
    const running = at.start('apply')
    await running.until(event => event.type === 'rollout-paused')
    const [started] = running.events
    const run = started?.type === 'run-started' ? started.run : ''
    await at.fleet('promote', run)
    expect((await running.end()).code).toBe(0)
    const notices = await told(at)
    expect(notices.map(({ event, stage }) => [event, stage?.number])).toEqual([
      ['start', undefined],
      ['stage', 1],
      ['pause', 1],
      ['stage', 2],
      ['end', 2],
    ])
    expect(notices.at(-1)).toMatchObject({
      run,
      command: 'apply --json',
      inventory: [join(at.folder, 'inventory.ini')],
      states: { persisted: 3 },
      failed: 0,
      failing: [],
    })
  })

  it('are told who failed, and of a run that is resumed', async () => {
    await lab().host('h3').unplug()
    const at = await site('[80, 443]', `hooks: [${HOOK}]\nrollout: {maxFailures: 3}\n`)
    const { code, stderr } = await at.fleet('apply', '--connect-timeout', '2')
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.not.stringContaining('Hook') })
    const notices = await told(at)
    const end = notices.at(-1)
    expect(notices.map(({ event }) => event)).toEqual(expect.arrayContaining(['start', 'end']))
    expect(end).toMatchObject({ failed: 1, failing: [{ host: 'h3', state: 'unreachable' }] })
    expect(end.failing[0].finding.message).toContain('h3')
    await lab().host('h3').boot()
    expect(await at.fleet('resume', end.run)).toMatchObject({ code: 0 })
    const resumed = await told(at)
    expect(resumed[0]).toMatchObject({ event: 'start', run: end.run, command: `resume ${end.run}` })
    expect(resumed.at(-1)).toMatchObject({ event: 'end', states: { persisted: 3 }, failed: 0 })
  })

  it('that hang, fail or are missing change neither the run nor its exit code', async () => {
    const hang = '{command: "echo $$ >pid; exec sleep 1000", on: start, timeout: 5m}'
    const at = await site('[81]', `hooks: [${hang}, {command: ./missing}, {url: "https://192.0.2.1:9/"}]\n`)
    const running = at.start('apply')
    await running.until(event => event.type === 'run-ended')
    await running.says(/waiting for 1 of the hooks/)
    process.kill(Number(await readFile(join(at.folder, 'pid'), 'utf8')))
    const { code, stderr } = await running.end()
    expect(code).toBe(0)
    expect(stderr).toMatch(/^Hook 2 \(\.\/missing\) of fleet\.yml wasn't told 2 of 2 times; .*not found/m)
    expect(stderr).toMatch(/^Hook 3 \(https:\/\/192\.0\.2\.1:9\) of fleet\.yml wasn't told/m)
  })
})
