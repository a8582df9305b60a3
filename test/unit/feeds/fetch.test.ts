import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchFeed } from '../../../src/feeds/fetch.ts'
import { FleetError } from '../../../src/model/error.ts'
import { say } from '../../../src/report/say.ts'
import { type SecureServer, startSecure } from './secure-server.ts'

let server: SecureServer

beforeAll(async () => {
  server = await startSecure((request, response) => {
    const path = request.url ?? ''
    const [, hops] = /^\/again\/(\d+)$/.exec(path) ?? []
    if (path === '/list') {
      if (request.headers['if-none-match'] === '"one"' && request.headers['if-modified-since'] === 'then')
        response.writeHead(304).end()
      else response.writeHead(200, { etag: '"one"', 'last-modified': 'then' }).end('45.1.1.1\n')
    } else if (path === '/moved') response.writeHead(302, { location: '/list' }).end()
    else if (hops !== undefined)
      response.writeHead(307, { location: hops === '0' ? '/list' : `/again/${Number(hops) - 1}` }).end()
    else if (path === '/down') response.writeHead(301, { location: 'http://127.0.0.1:9/list' }).end()
    else if (path === '/file') response.writeHead(301, { location: 'file:///etc/passwd' }).end()
    else if (path === '/long') response.writeHead(200).end('4'.repeat(5000))
    else if (path === '/bomb')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('4'.repeat(5000)))
    else if (path === '/slow') response.writeHead(200).write('45.1.1.1\n')
    else if (path === '/cut')
      response.writeHead(200, { 'content-length': '100' }).write('45.1.1.1', () => response.destroy())
    else if (path === '/never') return
    else response.writeHead(404).end('45.6.6.6\n')
  })
})
afterAll(() => server.stop())
beforeEach(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'))
afterEach(() => void vi.unstubAllEnvs())

const get = (path: string, known?: Parameters<typeof fetchFeed>[2]) =>
  fetchFeed('drop', server.url + path, known, { bytes: 1000, time: 1000 })

async function failure(attempt: Promise<unknown>) {
  const error: unknown = await attempt.then(
    () => 'nothing was wrong',
    (one: unknown) => one,
  )
  if (!(error instanceof FleetError)) throw error
  expect(say(error.finding)).toMatch(/^The feed drop can't be fetched: .*\.$/)
  return `${error.code} ${String(error.args.why)} ${String(error.args.detail)}`
}

describe('a feed that is fetched', () => {
  it('comes with what its server knows it by, and only where that is not known', async () => {
    const came = await get('/list')
    expect(came).toEqual({ text: '45.1.1.1\n', etag: '"one"', lastModified: 'then' })
    expect(await get('/list', { etag: '"one"', lastModified: 'then' })).toBe('unchanged')
    expect(await get('/list', { etag: '"two"' })).toEqual(came)
  })

  it('may be elsewhere', async () => {
    expect(await get('/moved')).toMatchObject({ text: '45.1.1.1\n' })
    expect(await get('/again/4')).toMatchObject({ text: '45.1.1.1\n' })
  })

  it.each([
    ['/again/5', 'feed-fetch redirects '],
    ['/down', 'feed-fetch redirect http://127.0.0.1:9'],
    ['/file', 'feed-fetch redirect null'],
    ['/long', 'feed-fetch size 1000'],
    ['/bomb', 'feed-fetch size 1000'],
    ['/slow', 'feed-fetch time 1'],
    ['/never', 'feed-fetch time 1'],
    ['/gone', 'feed-fetch status 404'],
  ])('%s is refused', async (path, expected) => {
    expect(await failure(get(path))).toBe(expected)
  })

  it('is refused where it is cut off', async () => {
    expect(await failure(get('/cut'))).toMatch(/^feed-fetch connection /)
  })

  it('is refused where nobody vouches for who sends it', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '1')
    let asked = 0
    const other = await startSecure((_, response) => {
      asked++
      response.end('45.1.1.1\n')
    })
    expect(await failure(fetchFeed('drop', other.url))).toBe(
      'feed-fetch connection DEPTH_ZERO_SELF_SIGNED_CERT',
    )
    expect(asked).toBe(0)
    await other.stop()
  })

  it('is never asked for without https on the way', async () => {
    const plain = createServer((_, response) => void response.end('45.1.1.1\n'))
    await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve))
    const address: AddressInfo | string | null = plain.address()
    const port = typeof address === 'object' ? address?.port : 0
    expect(await failure(fetchFeed('drop', `https://127.0.0.1:${port}/list`))).toMatch(
      /^feed-fetch connection /,
    )
    plain.close()
  })
})
