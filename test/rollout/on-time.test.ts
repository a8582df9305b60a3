import { beforeAll, describe, expect, it } from 'vitest'
import { hold, isHeld, letGo } from '../faults/hold.ts'
import { useTrial } from '../faults/trial.ts'
import { becomes } from '../integration/hosts/guard.ts'
import { allowConnections, denyConnections } from '../integration/hosts/one-connection.ts'
import { inForce, inForceOn } from '../integration/hosts/rules.ts'
import { makeSite, type Running, type Site, settledAs } from '../integration/hosts/site.ts'

/* What ends a wait: the time that a host has, the time of a whole run, somebody at the terminal, a host that is back. */

const NAMES = ['busy', 'loading', 'quick', 'p1', 'p2', 'r1', 'off']
const trial = useTrial('on-time', NAMES)
const lab = () => trial.lab

const site = (names: readonly string[], ports: string, files: Readonly<Record<string, string>> = {}) =>
  makeSite(lab(), ['[web]', ...names], { 'group_vars/web.yml': `http_ports: ${ports}\n`, ...files })
const runOf = ({ events: [first] }: Running) => (first?.type === 'run-started' ? first.run : '')

describe.concurrent('a host whose time is up', () => {
  it('while its new rules are loaded: puts the old ones back, and the run says why', async () => {
    const host = trial.host('loading')
    await hold(host, 'applying')
    const attempt = await trial.begin(['loading'], '--confirm-timeout', '60', '--host-timeout', '3s')
    await isHeld(host)
    await becomes(host, /ROLLING_BACK/)
    await letGo(host)
    await trial.ends(attempt, 3, { loading: 'reverted: host-overdue' })
  })

  it('while it is looked at: is left as it is', async () => {
    const host = trial.host('busy')
    const attempt = await trial.begin(
      ['quick', 'busy'],
      '--stages',
      '1,100%',
      '--manual',
      '--host-timeout',
      '3s',
    )
    await attempt.running.until(({ type }) => type === 'rollout-paused')
    await hold(host, 'observing')
    expect((await attempt.site.fleet('promote', runOf(attempt.running))).code).toBe(0)
    await isHeld(host)
    await attempt.running.until(settledAs('busy'))
    await letGo(host)
    await trial.ends(attempt, 3, { quick: 'persisted', busy: 'failed: host-overdue' })
  })
})

describe('a run whose time is up', () => {
  it('starts no host any more', async () => {
    const at = await site(['p1', 'p2'], '[80, 8443]')
    const stages = ['--stages', '1,100%', '--manual']
    const { code, stdout } = await at.fleet('apply', ...stages, '--timeout', '4s')
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringMatching(/p2.*not started[\s\S]*ended early: The run's time is up/),
    })
    await at.mustApply()
  })
})

describe('a pause at a terminal', () => {
  const stages = ['apply', '--stages', '1,100%', '--manual']
  const YES = [/Apply to 2 hosts in stages of 1 and 1\? \[y\/N\] /, 'y\r'] as const
  const GO_ON = /paused: [\s\S]*Go on\? \[y\/N\] /
  let port = 8000
  const fresh = () => {
    port += 1
    return site(['p1', 'p2'], `[80, ${port}]`)
  }
  const newest = async (at: Site) => {
    const [line = ''] = (await at.fleet('history', '--json', '-n', '1')).stdout.split('\n')
    const { run } = JSON.parse(line)
    return String(run)
  }

  it('goes on at a yes', async () => {
    const { code, stdout } = await (await fresh()).atTerminal(stages, ...YES, [GO_ON, 'y\r'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/Go on[\s\S]*stage 2 of 2[\s\S]*2 hosts: persisted/),
    })
  })

  it.each(['n\r', '\r', '\x03', '\x04'])('ends at %j', async keys => {
    const { code, stdout } = await (await fresh()).atTerminal(stages, ...YES, [GO_ON, keys])
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringMatching(/1 host: persisted[\s\S]*p2: not started/),
    })
  })

  it('is not answered by what was typed before it was asked', async () => {
    const host = lab().host('p1')
    await hold(host, 'applying')
    const early = [/stage 1 of 2/, 'y\ry'] as const
    const echoed = [/y\r\ny/, () => void letGo(host)] as const
    const { code, stdout } = await (await fresh()).atTerminal(stages, ...YES, early, echoed, [GO_ON, '\r'])
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringMatching(/p2: not started/) })
  })

  it('goes on when somebody elsewhere says so, and gives the terminal back', async () => {
    const at = await fresh()
    const said: Promise<number>[] = []
    const promote = async () => (await at.fleet('promote', await newest(at))).code
    const { code, stdout } = await at.atTerminal(stages, ...YES, [GO_ON, () => void said.push(promote())])
    expect(await Promise.all(said)).toEqual([0])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('2 hosts: persisted') })
    expect(stdout, 'the question ends its line').toMatch(/Go on\? \[y\/N\] [^\na]*\n/)
  })
})

describe('fleet rollback', () => {
  const names = ['r1', 'off']
  // Nobody is asked, and nothing goes by stages, on the way back.
  const staged = { 'fleet.yml': 'rollout: {stages: [1, 100%], manual: true}\n' }
  let old: Awaited<ReturnType<typeof inForceOn>>
  const now = () => inForceOn(names.map(name => lab().host(name)))
  beforeAll(async () => {
    old = await now()
  })

  it('lists hosts that are off, and resume catches them up', async () => {
    const at = await site(names, '[80, 8443]')
    const applied = at.start('apply')
    expect((await applied.verdict()).code).toBe(0)
    await at.write(staged)
    await denyConnections(lab(), 'off')
    const back = at.start('rollback', runOf(applied), '--connect-timeout', '2')
    expect(await back.verdict()).toEqual({
      code: 3,
      hosts: { r1: 'persisted', off: 'unreachable: connect-timeout' },
    })
    await allowConnections(lab(), 'off')
    const caughtUp = await at.start('resume', runOf(back)).verdict()
    expect(caughtUp).toEqual({ code: 0, hosts: { off: 'persisted' } })
    expect(await now()).toEqual(old)
  })

  it('of --hosts that are off is caught up too, unless somebody has changed them since', async () => {
    const at = await site(names, '[80, 8443]')
    await at.mustApply()
    await denyConnections(lab(), 'off')
    const args = ['rollback', '--hosts', 'r1,off', '--connect-timeout', '2'] as const
    const { code, stdout } = await at.fleet(...args)
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringMatching(/off: unreachable[\s\S]*`fleet resume \d{8}-\d{6}-\w{4}` catches up/),
    })
    const [, run = ''] = /fleet resume (\S+)`/.exec(stdout) ?? []
    await allowConnections(lab(), 'off')
    await at.write({ 'group_vars/web.yml': 'http_ports: [80, 9000]\n' })
    await at.fleet('apply', '-l', 'off', '--stages', '100%')
    const theirs = await inForce(lab().host('off'))
    const later = await at.start('resume', run).verdict()
    expect(later).toEqual({ code: 3, hosts: { off: 'refused: changed-since' } })
    expect(await inForce(lab().host('off'))).toEqual(theirs)
    expect(await inForce(lab().host('r1'))).toEqual(old.r1)
  })
})
