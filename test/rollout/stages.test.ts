import { beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { inForceOn } from '../integration/hosts/rules.ts'
import { makeSite, type Running, type Site } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Rollouts in stages, on real hosts: a canary that locks itself out, budgets, promotion, a stop. */

const NAMES = Array.from({ length: 12 }, (_, at) => `h${at + 1}`)
const lab = useTestLab('stages', NAMES, { packages: true })

const site = (ports: string, files: Readonly<Record<string, string>> = {}): Promise<Site> =>
  makeSite(lab(), ['[web]', ...NAMES], { 'group_vars/web.yml': `http_ports: ${ports}\n`, ...files })

/** The stages that began, each with its hosts. */
const begun = ({ events }: Running): readonly (readonly string[])[] =>
  events.flatMap((event: Event) =>
    event.type === 'phase-started' && event.phase === 'apply' ? [event.hosts] : [],
  )

const tally = (hosts: Readonly<Record<string, string>>) => {
  const counts: Record<string, number> = {}
  for (const said of Object.values(hosts)) counts[said] = (counts[said] ?? 0) + 1
  return counts
}

const rules = () => inForceOn(lab().hosts)

beforeAll(async () => {
  await (await site('[80]')).mustApply()
})

describe('a rollout in stages', () => {
  it('goes through them in order, and looks at its hosts again', async () => {
    const running = (await site('[80, 443]')).start('apply', '--stages', '1,25%,100%', '--soak', '100ms')
    const { code, hosts } = await running.verdict()
    expect({ code, ...tally(hosts) }).toEqual({ code: 0, persisted: 12 })
    expect(begun(running)).toEqual([['h1'], ['h2', 'h3'], NAMES.slice(3)])
    const checked = running.events.flatMap(event => (event.type === 'host-checked' ? [event.host] : []))
    expect(checked.filter(host => host === 'h1')).toHaveLength(3)
    expect(checked).toHaveLength(1 + 3 + 12)
  })

  it('ends at a canary that locks itself out', async () => {
    const before = await rules()
    const lockout = {
      'group_vars/web.yml': 'http_ports: [80]\nssh_from: [192.0.2.1]\n',
      'fleet.yml': 'rollout: {stages: [1, 50%, 100%]}\n',
    }
    const at = await site('', lockout)
    const risk = ['--accept-lockout-risk', 'all', '--confirm-timeout', '4']
    const { code, stdout } = await at.fleet('apply', ...risk)
    expect(code).toBe(3)
    expect(stdout).toMatch(/^h1: reverted: /m)
    expect(stdout).toMatch(/not started/)
    expect(stdout).toMatch(/^The rollout ended early: At least one host failed, and none may\.$/m)
    expect(await rules()).toEqual(before)
  })

  it('waits to be promoted, from another terminal', async () => {
    const at = await site('[80, 8080]')
    const running = at.start('apply', '--stages', '2,100%', '--manual')
    await running.until(event => event.type === 'rollout-paused')
    expect(begun(running)).toEqual([['h1', 'h2']])
    const [started] = running.events
    const run = started?.type === 'run-started' ? started.run : ''
    expect(await at.fleet('promote', run)).toMatchObject({ code: 0, stderr: expect.stringContaining(run) })
    const { code, hosts } = await running.verdict()
    expect({ code, ...tally(hosts) }).toEqual({ code: 0, persisted: 12 })
    expect(await at.fleet('promote', run)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not going on'),
    })
  })

  it('that is paused can be stopped, and the rest is not started', async () => {
    const running = (await site('[81]')).start('apply', '--stages', '2,100%', '--manual')
    await running.until(event => event.type === 'rollout-paused')
    running.child.kill('SIGINT')
    const { code, hosts } = await running.verdict()
    expect({ code, ...tally(hosts) }).toEqual({ code: 3, persisted: 2, 'not started': 10 })
  })
})
