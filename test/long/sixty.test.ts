import pLimit from 'p-limit'
import { beforeAll, describe, expect, it } from 'vitest'
import { installOnAll } from '../../src/lab/install.ts'
import type { Event } from '../../src/model/event.ts'
import { type Files, makeSite, type Running, type Site, step } from '../integration/hosts/site.ts'
import { type Standing, standingOf } from '../integration/hosts/standing.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/*
 * Rollouts over sixty real hosts. Of each host its verdict is held against what it stands on: live rules of both
 * families, the generation on its disk, and that nobody holds it. Each scenario begins where the one before ended.
 */

const NAMES = Array.from({ length: 60 }, (_, at) => `h${at + 1}`)
const [CANARY = '', , , GATED = ''] = NAMES
const lab = useTestLab(
  'sixty',
  NAMES.map(name => (name === GATED ? { name, port: 443 } : { name })),
  { packages: true, aptLists: true },
)

const STAGES = ['--stages', '1,10%,100%']
const SHORT = ['--confirm-timeout', '4']

/** Web servers with 443 and another port open; the port is what a change changes. */
const site = (port: number, files: Files = {}): Promise<Site> =>
  makeSite(lab(), ['[web]', ...NAMES, '[gated]', GATED], {
    'group_vars/web.yml': `http_ports: [443, ${port}]\nssh_from: [10.90.0.1, "fd90::1"]\n`,
    ...files,
  })

/** What every host is to stand on. */
const wanted = new Map<string, Standing>()

/** From here on these hosts are to stand on this port, so many generations later. */
function now(names: readonly string[], port: number, later = 1): void {
  for (const name of names) {
    const { generation, rules } = wanted.get(name) ?? { generation: 0, rules: '' }
    wanted.set(name, { port, generation: generation + later, rules, isLocked: false })
  }
}

async function standings(names: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
  const limit = pLimit(4)
  const read = names.map(name => limit(async () => [name, await standingOf(lab().host(name))] as const))
  return new Map(await Promise.all(read))
}

/** They stand where they are to stand. */
async function allStand(names: readonly string[] = NAMES): Promise<void> {
  const found = Object.fromEntries(await standings(names))
  expect(found).toEqual(Object.fromEntries(names.map(name => [name, wanted.get(name)])))
}

/** The exit code, and the hosts of each verdict. */
async function endOf(running: Running) {
  const { code, hosts } = await running.verdict()
  const said: Record<string, string[]> = {}
  for (const name of NAMES) {
    // How long it takes until the network says so decides about the reason.
    const as = (hosts[name] ?? 'nothing').replace(/^unreachable: .*/, 'unreachable')
    said[as] = [...(said[as] ?? []), name]
  }
  return { code, ...said }
}

const runOf = ({ events }: Running): string => {
  const [first] = events
  return first?.type === 'run-started' ? first.run : ''
}

const isPlanned = ({ type }: Event) => type === 'rollout-planned'

beforeAll(async () => {
  await installOnAll(lab())
  await (await site(8000)).mustApply()
  const first = await standings([CANARY])
  const rules = first.get(CANARY)?.rules ?? ''
  for (const name of NAMES) wanted.set(name, { port: 8000, generation: 1, rules, isLocked: false })
  await allStand()
})

describe('a rollout over sixty hosts', () => {
  it('ends at a canary that locks itself out', async () => {
    const at = await site(8001, { [`host_vars/${CANARY}.yml`]: 'ssh_from: [192.0.2.1]\n' })
    const running = at.start('apply', ...STAGES, ...SHORT, '--accept-lockout-risk', 'all')
    expect(await endOf(running)).toEqual({
      code: 3,
      'reverted: rolled-back': [CANARY],
      'not started': NAMES.slice(1),
    })
    await allStand()
  })

  it('ends at a tenth, where a gate fails on one of them', async () => {
    const at = await site(8002, {
      'fleet.yml': 'rollout: {gates: [{tcp: 443, on: gated, timeout: 1s}]}\n',
      [`host_vars/${GATED}.yml`]: 'http_ports: [8002]\n',
    })
    const tenth = NAMES.slice(0, 6).filter(name => name !== GATED)
    expect(await endOf(at.start('apply', ...STAGES))).toEqual({
      code: 3,
      persisted: tenth,
      'reverted: gate-fail': [GATED],
      'not started': NAMES.slice(6),
    })
    now(tenth, 8002)
    await allStand()
  })

  it('starts nobody where three are unreachable and two may fail; passes over three, and catches them up', async () => {
    const gone = ['h7', 'h30', 'h60']
    const others = NAMES.filter(name => !gone.includes(name))
    for (const name of gone) await lab().host(name).cut()
    const at = await site(8003)
    const args = [...STAGES, '--connect-timeout', '2']
    expect(await endOf(at.start('apply', ...args, '--max-failures', '2'))).toEqual({
      code: 3,
      unreachable: gone,
      'not started': others,
    })
    await allStand()
    const running = at.start('apply', ...args, '--unreachable', 'skip', '--max-skipped', '3')
    expect(await endOf(running)).toEqual({ code: 3, unreachable: gone, persisted: others })
    now(others, 8003)
    for (const name of gone) await lab().host(name).mend()
    await allStand()
    expect((await at.start('resume', runOf(running)).verdict()).hosts).toEqual(
      Object.fromEntries(gone.map(name => [name, 'persisted'])),
    )
    now(gone, 8003)
    await allStand()
  })

  it('goes on each time where its controller is killed in every stage', async () => {
    const at = await site(8004)
    const first = at.start('apply', ...STAGES)
    let running = first
    for (const [from, to] of [
      [0, 1],
      [1, 6],
      [6, 60],
    ] as const) {
      const own = NAMES.slice(from, to)
      await running.until(event => own.some(name => step(name, 'armed')(event)))
      await running.kill()
      await allStand(NAMES.slice(to))
      now(own, 8004)
      running = at.start('resume')
    }
    expect((await running.verdict()).code).toBe(0)
    await allStand()
    expect(await endOf(at.start('history', runOf(first)))).toEqual({ code: 0, persisted: NAMES })
  })

  it('of two controllers at once changes each host once, and the other one is refused there', async () => {
    const at = await site(8005)
    const first = at.start('apply')
    await first.until(isPlanned)
    first.child.kill('SIGSTOP')
    const same = await at.fleet('apply')
    expect(same).toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${first.child.pid}`) })
    const second = (await site(8006)).start('apply')
    await second.until(isPlanned)
    first.child.kill('SIGCONT')
    const [one, other] = await Promise.all([first.verdict(), second.verdict()])
    for (const name of NAMES) {
      const said = [one.hosts[name] ?? '', other.hosts[name] ?? '']
      const refused = expect.stringMatching(/^refused: host-(busy|changed)$/)
      expect({ [name]: said.toSorted() }).toEqual({ [name]: ['persisted', refused] })
      now([name], said[0] === 'persisted' ? 8005 : 8006)
    }
    await allStand()
  })

  it('takes all of them back where one of a quarter fails', async () => {
    const [bad, quarter] = ['h15', NAMES.slice(0, 15)]
    const at = await site(8007, { [`host_vars/${bad}.yml`]: 'ssh_from: [192.0.2.1]\n' })
    const args = [
      '--stages',
      '1,10%,25%,100%',
      '--on-failure',
      'revert-all',
      ...SHORT,
      '--accept-lockout-risk',
      bad,
    ]
    const back = quarter.filter(name => name !== bad)
    expect(await endOf(at.start('apply', ...args))).toEqual({
      code: 3,
      'reverted: taken-back': back,
      'reverted: rolled-back': [bad],
      'not started': NAMES.slice(15),
    })
    for (const name of back) now([name], wanted.get(name)?.port ?? 0, 2)
    await allStand()
  })
})
