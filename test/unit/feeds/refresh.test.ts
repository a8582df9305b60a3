import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { printSpans } from '../../../src/address/spans.ts'
import type { Feed } from '../../../src/config/feeds.ts'
import type { Own } from '../../../src/feeds/judge.ts'
import { type Current, currentFeed, refreshFeed } from '../../../src/feeds/refresh.ts'
import { say } from '../../../src/report/say.ts'
import { type SecureServer, startSecure } from './secure-server.ts'

const HOUR = 3_600_000
let server: SecureServer
let directory: string
let asked: string[] = []
let answer: string | number = ''

beforeAll(async () => {
  server = await startSecure((request, response) => {
    const known = request.headers['if-none-match']
    asked.push(known ?? 'new')
    if (typeof answer === 'number') response.writeHead(answer).end('sorry')
    else if (known === `"${answer.length}"`) response.writeHead(304).end()
    else response.writeHead(200, { etag: `"${answer.length}"` }).end(answer)
  })
})
afterAll(() => server.stop())
beforeEach(() => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  directory = mkdtempSync(join(tmpdir(), 'fleet-feeds-'))
  asked = []
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const feed = (more: Partial<Feed> = {}): Feed => ({
  name: 'drop',
  source: { url: `${server.url}/drop.netset?key=secret` },
  format: 'netset',
  refresh: HOUR,
  allow: [],
  maxEntries: 1000,
  at: { file: 'fleet.yml', line: 2 },
  ...more,
})
const ground = (now: number, own: readonly Own[] = []) => ({ directory, config: '/etc/fleet', own, now })
const at = (now: number, more?: Partial<Feed>, own?: readonly Own[]) =>
  refreshFeed(feed(more), ground(now, own))
const list = ({ spans }: Current) => (spans ? Object.values(printSpans(spans)).flat() : 'none')

describe('a feed', () => {
  it('is asked for when it is due, and taken only where it changed', async () => {
    answer = '45.1.1.1\n'
    const first = await at(1000)
    expect([first.state, list(first), first.checked]).toEqual(['changed', ['45.1.1.1'], 1000])
    answer = '45.1.1.1\n45.1.1.2\n'
    expect(await at(1000 + HOUR - 1)).toMatchObject({ state: 'stands', entries: 1 })
    expect(asked).toEqual(['new'])
    const second = await at(1000 + HOUR)
    expect([second.state, list(second), second.entries]).toEqual(['changed', ['45.1.1.1', '45.1.1.2'], 2])
    expect(await at(1000 + 2 * HOUR)).toMatchObject({ state: 'same', entries: 2, checked: 1000 + 2 * HOUR })
    expect(await at(1000 + 3 * HOUR - 1)).toMatchObject({ state: 'stands', checked: 1000 + 2 * HOUR })
    expect(asked).toEqual(['new', '"9"', '"18"'])
  })

  it("that is there for roles may have hosts of one's own on it, and all else that makes a list bad makes it bad", async () => {
    answer = '45.1.1.0/24\n'
    const own = [{ name: 'web1', address: '45.1.1.7' }]
    const isForRoles = true
    expect((await at(1000, {}, own)).state).toBe('refused')
    expect(list(await at(1000, { isForRoles }, own))).toEqual(['45.1.1.0/24'])
    expect(list(await currentFeed(feed({ isForRoles }), ground(1000, own)))).toEqual(['45.1.1.0/24'])
    answer = '0.0.0.0/0\n'
    expect(await at(2 * HOUR, { isForRoles }, own)).toMatchObject({ state: 'refused', entries: 1 })
  })

  it('that is poisoned changes nothing, and is asked for again at once', async () => {
    answer = '45.1.1.1\n'
    await at(1000)
    for (const poison of ['0.0.0.0/0\n', '192.168.1.1\n', '<html>', '', 503]) {
      answer = poison
      const seen = await at(2 * HOUR)
      expect([seen.state, list(seen), seen.checked]).toEqual(['refused', ['45.1.1.1'], 1000])
      expect(seen.findings.map(say).at(-1)).toBe(
        'fleet.yml:2: The feed drop is not taken: its list of 1970-01-01 00:00 UTC stays in force (1 entry).',
      )
      expect(seen.findings.map(say).join()).not.toContain('secret')
    }
    expect(list(await currentFeed(feed(), ground(2 * HOUR)))).toEqual(['45.1.1.1'])
    answer = '45.1.1.3\n45.1.1.4\n'
    expect(await at(2 * HOUR)).toMatchObject({ state: 'changed', entries: 2 })
  })

  it('that is poisoned from the beginning blocks nothing', async () => {
    answer = '45.1.1.0/24\n'
    const seen = await at(1000, {}, [{ name: 'web1', address: '45.1.1.7' }])
    expect([seen.state, list(seen), seen.findings.map(({ code }) => code)]).toEqual([
      'refused',
      'none',
      ['feed-own', 'feed-kept'],
    ])
    expect(readdirSync(directory)).toEqual([])
  })

  it('never has what became a host of ours, or was put into allow, since it came', async () => {
    answer = '45.1.1.0/30\n'
    await at(1000)
    const seen = await at(2000, { allow: ['45.1.1.0'] }, [{ name: 'web1', address: '45.1.1.3' }])
    expect([seen.state, list(seen)]).toEqual(['stands', ['45.1.1.1', '45.1.1.2']])
  })

  it('says nothing at all where what was kept is too much by now', async () => {
    answer = '45.1.1.1\n128.0.0.0/4\n'
    const allow = ['128.0.0.0/4']
    expect(list(await at(1000, { allow }))).toEqual(['45.1.1.1'])
    const seen = await at(2000, { allow: [] })
    expect([seen.state, list(seen), seen.findings[0]?.code]).toEqual(['refused', 'none', 'feed-too-wide'])
  })

  it('is fetched anew where what was kept is damaged, or the clock went back', async () => {
    answer = '45.1.1.1\n'
    await at(5 * HOUR)
    expect(await at(1000)).toMatchObject({ state: 'same' })
    const [name = ''] = readdirSync(directory)
    const file = join(directory, name)
    writeFileSync(file, readFileSync(file, 'utf8').replace('45.1.1.1', '45.1.1.2'))
    expect(list(await at(1000))).toEqual(['45.1.1.1'])
    expect(asked).toEqual(['new', '"9"', 'new'])
  })

  it('that cannot be kept is not taken', async () => {
    answer = '45.1.1.1\n'
    writeFileSync(join(directory, 'plain'), '')
    const seen = await refreshFeed(feed(), { ...ground(1000), directory: join(directory, 'plain') })
    expect([seen.state, seen.findings.map(({ code }) => code)]).toEqual([
      'refused',
      ['feed-state', 'feed-kept'],
    ])
  })

  it('may be a file, which is looked at each time', async () => {
    const file = join(directory, 'mine')
    const mine = { source: { file } }
    const missing = await at(1000, mine)
    expect(missing.findings.map(say)[0]).toBe(
      "fleet.yml:2: The feed drop can't be fetched: the file cannot be read (ENOENT).",
    )
    writeFileSync(file, '45.1.1.1\n')
    expect(await at(1000, mine)).toMatchObject({ state: 'changed' })
    writeFileSync(file, '45.1.1.1\nnonsense\n')
    const wrong = await at(1001, mine)
    expect([wrong.state, list(wrong)]).toEqual(['refused', ['45.1.1.1']])
    expect(wrong.findings.map(say)[0]).toBe(
      `${file}:2: "nonsense" is no address, no CIDR and no range a-b: names are not looked up.`,
    )
  })
})
