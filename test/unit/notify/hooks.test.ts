import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hook } from '../../../src/config/hooks.ts'
import type { Event } from '../../../src/model/event.ts'
import { HOOK_EVENTS } from '../../../src/model/notice.ts'
import { Hooks } from '../../../src/notify/hooks.ts'
import { say } from '../../../src/report/say.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-'))
})
afterEach(() => rm(folder, { recursive: true }))

const command = (script: string, more: Partial<Hook> = {}): Hook => ({
  command: script,
  directory: folder,
  on: HOOK_EVENTS,
  timeout: 20_000,
  ...more,
})
const open = (...hooks: readonly Hook[]) =>
  new Hooks(
    hooks,
    { run: 'r', who: 'me', command: 'apply', inventory: [] },
    { wall: () => 0, say, sayNotice: ({ event }) => `it is ${event}` },
  )

const PLANNED: Event = { type: 'rollout-planned', run: 'r', stages: [] }
const ENDED: Event = { type: 'run-ended', run: 'r', states: { persisted: 3 } }
const failed = (host: string): Event => ({ type: 'host-settled', host, state: 'failed' })

/** What hooks that write down what they get got. */
const written = async () =>
  (await readFile(join(folder, 'got'), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
const WRITE = 'cat >>got; echo >>got'

/** Leaves the process `$1` no file that it could open, until a line comes. */
const LIMIT_FILES =
  'old=$(prlimit --pid "$1" --nofile --noheadings --output SOFT); prlimit --pid "$1" --nofile=3:; echo; read -r line; prlimit --pid "$1" --nofile="$((old)):"'

const eventually = (look: () => Promise<string>) => vi.waitFor(look, { timeout: 10_000 })

describe('a command', () => {
  it('gets each notice as JSON, one after the other, in the folder of fleet.yml', async () => {
    const hooks = open(command(WRITE))
    for (const event of [PLANNED, failed('a'), ENDED]) hooks.hear(event)
    expect(await hooks.close()).toEqual([])
    const got = await written()
    expect(got.map(({ event, text }) => [event, text])).toEqual([
      ['start', 'it is start'],
      ['end', 'it is end'],
    ])
    expect(got[1]).toMatchObject({ run: 'r', states: { persisted: 3 }, failed: 1, failing: [{ host: 'a' }] })
  })

  it('is told only what it asks for', async () => {
    const hooks = open(command(WRITE, { on: ['end'] }))
    for (const event of [PLANNED, ENDED]) hooks.hear(event)
    await hooks.close()
    expect((await written()).map(({ event }) => event)).toEqual(['end'])
  })

  it('sees nothing of the environment that could be a secret', async () => {
    process.env.VAULT_TOKEN = 'hunter2'
    const hooks = open(command('env >env'))
    hooks.hear(PLANNED)
    expect(await hooks.close()).toEqual([])
    delete process.env.VAULT_TOKEN
    const names = (await readFile(join(folder, 'env'), 'utf8')).match(/^\w+(?==)/gm) ?? []
    expect(names).toContain('PATH')
    expect(
      names.filter(
        name => !/^(PATH|HOME|USER|LOGNAME|SHELL|LANG\w*|LC_\w+|TZ|TMPDIR|PWD|SHLVL|_|OLDPWD)$/.test(name),
      ),
    ).toEqual([])
  })

  it.each([
    ['exit 3', /^exit code 3$/],
    ['echo no way >&2; exit 1', /^exit code 1: no way$/],
    ['kill -9 $$', /^SIGKILL$/],
    ['no-such-program', /^exit code 127: .*not found/],
  ])('that fails is named at the end: %s', async (script, why) => {
    const hooks = open(command(script, { on: ['end'] }))
    for (const event of [PLANNED, ENDED]) hooks.hear(event)
    const [finding] = await hooks.close()
    expect(finding).toMatchObject({ code: 'hook-failed', severity: 'warning', args: { failed: 1, told: 1 } })
    expect(finding?.args.why).toMatch(why)
  })

  it('that reads nothing, or whose folder is gone, breaks nothing', async () => {
    const hooks = open(command('exec <&-; exit 0'), command('true', { directory: join(folder, 'none') }))
    hooks.hear(PLANNED)
    for (let at = 0; at < 100; at++) hooks.hear(failed(`a host with a long name ${at}`.repeat(100)))
    hooks.hear(ENDED)
    expect((await hooks.close()).map(({ args }) => args.hook)).toEqual(['2 (true)'])
  })

  it('that hangs is ended with all that it started, and costs its limit once', async () => {
    const hooks = open(command('sleep 1000 & echo $! >pid; wait', { timeout: 300 }))
    for (const event of [PLANNED, failed('a'), ENDED]) hooks.hear(event)
    const [finding] = await hooks.close()
    expect(finding?.args).toMatchObject({ why: 'no end within 0.3 s' })
    const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim()
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone')
    expect(state).toMatch(/^gone$|\) Z /)
  })

  it('that hangs is ended also where garbage is collected meanwhile', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const hooks = open(command('echo $$ >pid; exec sleep 1000', { timeout: 300, on: ['start'] }))
    hooks.hear(PLANNED)
    const pid = await eventually(() => readFile(join(folder, 'pid'), 'utf8'))
    for (let at = 0; at < 3; at++) {
      collect()
      await nextTurn()
    }
    // Before anybody waits for the end, which has a limit of its own.
    await eventually(async () => {
      const state = await readFile(`/proc/${pid.trim()}/stat`, 'utf8').catch(() => 'gone')
      expect(state).toMatch(/^gone$|\) Z /)
      return 'gone'
    })
    expect((await hooks.close()).map(({ args }) => args.why)).toEqual(['no end within 0.3 s'])
  })

  it('that cannot be started for want of file descriptors breaks nothing', async () => {
    const limits = spawn('/bin/sh', ['-c', LIMIT_FILES, 'sh', String(process.pid)])
    await once(limits.stdout, 'data')
    const hooks = open(command('true'))
    hooks.hear(PLANNED)
    const [finding] = await hooks.close()
    limits.stdin.end('\n')
    await once(limits, 'exit')
    expect(finding?.args.why).toContain('EMFILE')
  })

  it('that leaves something behind is done when it is done', async () => {
    const hooks = open(command('sleep 1000 & echo $! >pid', { on: ['start'] }))
    hooks.hear(PLANNED)
    expect(await hooks.close()).toEqual([])
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL')
  })

  it('hears of an end also where the run broke off, and of nothing that was not agreed to', async () => {
    const hooks = open(command(WRITE))
    hooks.hear(PLANNED)
    await hooks.close()
    expect((await written()).at(-1)).toMatchObject({ event: 'end', why: { code: 'run-broke-off' } })
    const others = open(command('cat >>others'))
    others.forget()
    for (const event of [PLANNED, ENDED]) others.hear(event)
    await others.close()
    await expect(readFile(join(folder, 'others'))).rejects.toThrow('ENOENT')
  })
})

/** A server of our own, and what it was sent. */
async function serve(answer: (response: ServerResponse) => void) {
  const got: { request: IncomingMessage; body: string }[] = []
  const server = createServer((request, response) => {
    void (async () => {
      got.push({ request, body: await text(request) })
      answer(response)
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}/secret`, got, close }
}

describe('an address', () => {
  const to = (url: string, timeout = 20_000): Hook => ({ url, on: ['end'], timeout })

  it('is posted to', async () => {
    const server = await serve(response => response.end('thanks'))
    const hooks = open(to(server.url))
    for (const event of [PLANNED, ENDED]) hooks.hear(event)
    expect(await hooks.close()).toEqual([])
    server.close()
    const [{ request, body } = { request: undefined, body: '' }] = server.got
    expect(request).toMatchObject({ method: 'POST', url: '/secret' })
    expect(request?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toMatchObject({ event: 'end', text: 'it is end' })
  })

  it.each([
    ['answers 500', (response: ServerResponse) => void response.writeHead(500).end(), 'it answered 500'],
    [
      'sends elsewhere',
      (response: ServerResponse) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      'it answered 307',
    ],
    ['hangs up', (response: ServerResponse) => void response.destroy(), expect.any(String)],
    ['never answers', () => undefined, 'no end within 0.3 s'],
  ])('that %s is named, without its path', async (_, answer, why) => {
    const server = await serve(answer)
    const hooks = open(to(server.url, 300))
    for (const event of [PLANNED, ENDED]) hooks.hear(event)
    const [finding] = await hooks.close()
    server.close()
    expect(finding?.args).toEqual({ hook: `1 (${new URL(server.url).origin})`, failed: 1, told: 1, why })
  })

  it('that answers nothing but a closed port is named', async () => {
    const server = await serve(() => undefined)
    server.close()
    const hooks = open(to(server.url))
    for (const event of [PLANNED, ENDED]) hooks.hear(event)
    expect(say((await hooks.close())[0] ?? { code: '', severity: 'note', args: {} })).toMatch(
      /^Hook 1 \(http:\/\/127\.0\.0\.1:\d+\) of fleet\.yml wasn't told 1 of 1 times; the last time: .*ECONNREFUSED/,
    )
  })
})
