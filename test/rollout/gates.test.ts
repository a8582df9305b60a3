import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { inForce } from '../integration/hosts/rules.ts'
import { makeSite } from '../integration/hosts/site.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'

/* Gates on real hosts: what passed before a change must pass after it, or the change is taken back. */

const NAMES = [
  'closed',
  'deaf',
  'seen',
  'broken',
  'unsure',
  'queried',
  'mended',
  'later1',
  'later2',
  'later3',
]
const lab = useTestLab('gates', [...NAMES.map(name => ({ name, port: 443 })), 'probe'], { packages: true })

/** Where a host stands with port 443 open; `gates` are asked from then on. */
async function ready(names: readonly string[], gates: string, rollout = '') {
  const at = await makeSite(lab(), ['[web]', ...names, '[probes]', 'probe'], {
    'group_vars/web.yml': 'http_ports: [80, 443]\n',
    'fleet.yml': `rollout:\n  gates: ${gates}\n${rollout}`,
  })
  const limit = ['-l', names.join(',')]
  expect((await at.fleet('apply', ...limit)).code).toBe(0)
  const change = async (variables: string) => {
    await at.write({ 'group_vars/web.yml': variables })
    return at.start('apply', ...limit, '--confirm-timeout', '20')
  }
  return { at, change }
}

/** Says 1 to the first who asks, and 0 to all that come later, but 1 to whoever asks what is good. */
const PROMETHEUS = `let said = '1'
require('node:http').createServer(({ url }, reply) => {
  const isGood = url.endsWith('good')
  reply.end(JSON.stringify({ data: { resultType: 'scalar', result: [0, isGood ? '1' : said] } }))
  if (!isGood) said = '0'
}).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('ready'))`

async function startPrometheus(port: number) {
  const words = [process.execPath, '-e', PROMETHEUS, String(port)]
  const server = lab().spawn(words, { stdio: ['ignore', 'pipe', 'inherit'] })
  if (server.stdout) await once(server.stdout, 'data')
  return server
}

const runOf = ([started]: readonly Event[]) => (started?.type === 'run-started' ? started.run : '')

describe.concurrent('a gate', () => {
  it('that fails once the new rules are in force takes them back', async () => {
    const { change } = await ready(['closed'], '[{tcp: 443, timeout: 2s}]')
    const old = await inForce(lab().host('closed'))
    const running = await change('http_ports: [80]\n')
    expect(await running.verdict()).toEqual({ code: 3, hosts: { closed: 'reverted: gate-fail' } })
    expect(await inForce(lab().host('closed'))).toEqual(old)
    const asked = running.events.flatMap(event =>
      event.type === 'host-gate' ? [`${event.when} ${event.is}`] : [],
    )
    expect(asked).toEqual(['before pass', 'applied fail', 'applied fail', 'applied fail'])
  })

  it('that failed before is told of and does not count', async () => {
    const { change } = await ready(['deaf'], '[{tcp: 9999}, {command: "exit 3"}]')
    const running = await change('http_ports: [80]\n')
    expect(await running.verdict()).toEqual({ code: 0, hosts: { deaf: 'persisted' } })
    const told = running.events.flatMap(event =>
      event.type === 'host-gate' ? [`${event.gate}: ${event.is}`] : [],
    )
    expect(told).toEqual(['tcp 9999: fail', 'command exit 3: fail'])
  })

  it('is asked from where customers are', async () => {
    const { change } = await ready(['seen'], '[{tcp: 443, from: probe}, {tcp: 443}]')
    const running = await change(`http_ports: [80, 443]\nhttp_from: [10.90.0.1]\n`)
    expect(await running.verdict()).toEqual({ code: 3, hosts: { seen: 'reverted: gate-fail' } })
    const failed = running.events.flatMap(event =>
      event.type === 'host-gate' && event.is === 'fail' ? [event.gate] : [],
    )
    expect(new Set(failed)).toEqual(new Set(['tcp 443 from probe']))
  })

  it('that fails at the end of its stage keeps the next from starting, and the host is not done', async () => {
    const names = ['broken', 'later1']
    await lab().host('broken').exec(': >/ok')
    await lab().host('later1').exec(': >/ok')
    const { change } = await ready(names, '[{command: test -e /ok}]', '  stages: [1, 100%]\n  soak: 3s\n')
    const running = await change('http_ports: [80]\n')
    await running.until(event => event.type === 'host-settled' && event.host === 'broken')
    await lab().host('broken').exec('rm /ok')
    const { code, hosts } = await running.verdict()
    expect({ code, hosts }).toEqual({ code: 3, hosts: { broken: 'persisted', later1: 'not started' } })
    const checked = running.events.find(event => event.type === 'host-checked')
    expect(checked).toMatchObject({ host: 'broken', finding: { code: 'gate-fail' } })
  })

  it('that cannot be read pauses the rollout', async () => {
    const names = ['unsure', 'later2']
    for (const name of names)
      await lab()
        .host(name)
        .exec('printf "#!/bin/sh\\n" >/usr/local/bin/check; chmod 755 /usr/local/bin/check')
    const { change } = await ready(names, '[{command: check}]', '  stages: [1, 100%]\n  soak: 3s\n')
    const running = await change('http_ports: [80]\n')
    await running.until(event => event.type === 'host-settled' && event.host === 'unsure')
    await lab().host('unsure').exec('rm /usr/local/bin/check')
    await running.until(event => event.type === 'rollout-paused')
    expect(running.events.at(-1)).toMatchObject({ why: { code: 'gate-inconclusive' } })
    running.child.kill('SIGTERM')
    expect(await running.verdict()).toEqual({
      code: 3,
      hosts: { unsure: 'persisted', later2: 'not started' },
    })
  })

  it('that is a query and fails after the last stage is no success, now or later', async () => {
    const server = await startPrometheus(9090)
    const at = await makeSite(lab(), ['[web]', 'queried'], {
      'group_vars/web.yml': 'http_ports: [80, 443]\n',
      'fleet.yml': 'rollout: {gates: [{prometheus: up, at: "http://127.0.0.1:9090"}]}\n',
    })
    const running = at.start('apply')
    const ended = await running.verdict()
    server.kill()
    expect(ended).toEqual({ code: 3, hosts: { queried: 'persisted' } })
    const run = runOf(running.events)
    const later = [['status', run], ['history', run], ['resume'], ['resume', run]]
    const codes = await Promise.all(later.map(async words => (await at.fleet(...words)).code))
    expect(codes).toEqual([3, 3, 3, 3])
  })

  it('that is a query and was mended since is asked before the hosts that still come, and counts for them', async () => {
    const server = await startPrometheus(9091)
    const asking = (query: string) =>
      `rollout: {stages: [1, 100%], gates: [{prometheus: ${query}, at: "http://127.0.0.1:9091"}]}\n`
    const at = await makeSite(lab(), ['[web]', 'mended', 'later3'], {
      'group_vars/web.yml': 'http_ports: [80, 443]\n',
      'fleet.yml': asking('up'),
    })
    const stopped = at.start('apply')
    expect(await stopped.verdict()).toEqual({
      code: 3,
      hosts: { mended: 'persisted', later3: 'not started' },
    })
    await at.write({ 'fleet.yml': asking('good') })
    const running = at.start('resume', runOf(stopped.events))
    const { code, hosts } = await running.verdict()
    server.kill()
    expect({ code, later3: hosts.later3 }).toEqual({ code: 0, later3: 'persisted' })
    const asked = running.events.flatMap(event => {
      if (event.type === 'host-gate') return [`${event.when} ${event.is}`]
      return event.type === 'host-step' && event.step === 'arming' ? [event.step] : []
    })
    expect(asked).toEqual(['before pass', 'arming', 'stage pass'])
  })

  it('asked from a host that is not there stops before anybody is contacted', async () => {
    const at = await makeSite(lab(), ['[web]', 'probe'], {
      'fleet.yml': 'rollout: {gates: [{tcp: 1, from: porbe}]}\n',
    })
    expect(await at.fleet('apply')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean probe?'),
    })
  })
})
