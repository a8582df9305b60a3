import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { askHttpFrom } from '../../src/rollout/gates/from-a-host.ts'
import { askHttp } from '../../src/rollout/gates/from-here.ts'
import { rootCommand } from '../../src/session/quote.ts'
import type { Run, Session } from '../../src/session/session.ts'

/* An http gate as a prober asks it, with what there is on hosts, beside the same gate asked from here. */

const find = (name: string) => execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
const NEEDED = ['sh', 'sed', 'head', 'tail', 'grep', 'timeout']
const FETCHERS = { curl: find('curl'), wget: find('wget'), "BusyBox's wget": find('busybox') }
type Fetcher = keyof typeof FETCHERS | 'nothing'

/** A folder that has no other program to fetch with. */
function pathWith(fetcher: Fetcher): string {
  const folder = mkdtempSync(join(tmpdir(), 'http-gate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const name of NEEDED) symlinkSync(find(name), join(folder, name))
  if (fetcher !== 'nothing')
    symlinkSync(FETCHERS[fetcher], join(folder, fetcher === 'curl' ? 'curl' : 'wget'))
  return folder
}

const ROOT = { user: 'root', become: false }

/** A machine with nothing else on its PATH, behind a proxy that isn't there. */
function proberWith(fetcher: Fetcher): () => Promise<Session> {
  const env = { PATH: pathWith(fetcher), LC_ALL: 'C', http_proxy: 'http://127.0.0.1:1' }
  const run = async ({ script, args = [] }: Run) => {
    const { command, marker } = rootCommand(ROOT, script, args, 'nonce')
    const child = spawn('/bin/sh', ['-c', command], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.on('data', chunk => {
      stdout += String(chunk)
    })
    const [code] = await once(child, 'close')
    return { code: Number(code), stdout: stdout.slice(marker.length + 1), stderr: '' }
  }
  return async () => ({ connectStart: 0, run, close: async () => undefined })
}

const serve = (listener: RequestListener) => listen(createServer(listener), 'http')

/** On loopback for a test; where it is. */
async function listen(server: Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `${scheme}://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
}

const WAYS: readonly Fetcher[] = ['curl', 'wget', "BusyBox's wget"]

describe.each(WAYS)('asked with %s', fetcher => {
  const ask = async (url: string, seconds = 5) => {
    const [there, here] = await Promise.all([
      askHttpFrom(proberWith(fetcher), url, seconds * 1000),
      askHttp(url, seconds * 1000),
    ])
    expect(there.is, 'as it is from here').toBe(here.is)
    return there
  }

  it.each([
    [200, 'pass', /^$/],
    [204, 'pass', /^$/],
    [404, 'fail', /404$/],
    [503, 'fail', /503$/],
  ])('%i is a %s', async (status, is, detail) => {
    const url = await serve((_, reply) => void reply.writeHead(status).end())
    expect(await ask(url)).toMatchObject({ is, detail: expect.stringMatching(detail) })
  })

  it.each([
    ['nowhere', 'http://127.0.0.1:1/'],
    ['to a page that is broken', '/broken'],
  ])('a redirect passes, also one that leads %s', async (_, location) => {
    const asked: string[] = []
    const url = await serve((request, reply) => {
      asked.push(request.url ?? '')
      reply.writeHead(request.url === '/' ? 302 : 500, { location }).end()
    })
    expect(await ask(`${url}/`)).toMatchObject({ is: 'pass' })
    const followed = asked.filter(path => path !== '/')
    expect(followed).toEqual(fetcher === "BusyBox's wget" ? followed : [])
  })

  it('a page that never ends passes once it has begun', async () => {
    const url = await serve((_, reply) => void reply.writeHead(200).write('more and '))
    expect(await ask(url, 1)).toMatchObject({ is: 'pass' })
  })

  it('a server that is not there, or says nothing, fails', async () => {
    expect(await ask('http://127.0.0.1:1/')).toMatchObject({
      is: 'fail',
      detail: expect.stringMatching(/connect|refused/i),
    })
    expect(await ask(await serve(() => undefined), 1)).toMatchObject({ is: 'fail' })
  })
})

it('where nothing can fetch, nothing is known', async () => {
  expect(await askHttpFrom(proberWith('nothing'), 'http://127.0.0.1:1/', 1000)).toMatchObject({
    is: 'inconclusive',
  })
})

describe('a certificate of an authority that nobody knows', () => {
  async function serveTls(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'http-gate-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2']
    const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', ...made, ...name], { stdio: 'ignore' })
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, reply) =>
      reply.end('well'),
    )
    return listen(server, 'https')
  }

  it('fails the gate, whoever asks, and the reason says so', async () => {
    const url = await serveTls()
    const failed = { is: 'fail', detail: expect.stringMatching(/certificate/i) }
    expect(await askHttp(url, 5000)).toMatchObject(failed)
    expect(await askHttpFrom(proberWith('curl'), url, 5000)).toMatchObject(failed)
    expect(await askHttpFrom(proberWith('wget'), url, 5000)).toMatchObject(failed)
  })
})
