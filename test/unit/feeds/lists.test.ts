import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spansOf } from '../../../src/address/spans.ts'
import type { Feed } from '../../../src/config/feeds.ts'
import { keepSent, lastSent, lastTold, noteTold, readSent } from '../../../src/feeds/earlier.ts'
import { differenceOf, type HostList, listsOf } from '../../../src/feeds/lists.ts'
import type { Current } from '../../../src/feeds/refresh.ts'
import { hashOf } from '../../../src/feeds/store.ts'

const feed = (name: string, limit?: string): Feed => ({
  name,
  source: { file: name },
  format: 'plain',
  refresh: 1,
  allow: [],
  maxEntries: 1000,
  ...(limit ? { limit } : {}),
  at: { file: 'fleet.yml', line: 2 },
})
const current = (name: string, networks: readonly string[], checked = 5): [string, Current] => [
  name,
  { name, state: 'stands', spans: spansOf(networks), entries: 1, checked, findings: [] },
]

describe('the lists of hosts', () => {
  const feeds = [feed('a'), feed('b', 'web')]
  const currents = new Map([
    current('a', ['45.1.1.0/31', '2600::1', '9.9.9.9']),
    current('b', ['45.1.1.2/31', '45.9.9.9'], 4),
  ])
  const listFor = listsOf(feeds, currents, ['9.9.9.9', '45.9.9.0/24'], () => ['web1', 'web2'])

  it('join the feeds that are meant for a host, without what nobody may block', () => {
    expect(listFor('web1')).toMatchObject({
      text: '2600::1\n45.1.1.0/30\n',
      networks: 2,
      at: 4,
      feeds: ['a', 'b'],
    })
    expect(listFor('db1')).toMatchObject({ text: '2600::1\n45.1.1.0/31\n', at: 5, feeds: ['a'], lacks: [] })
  })

  it('are made once for hosts that are alike', () => {
    expect(listFor('web2')).toBe(listFor('web1'))
  })

  it('are as old as nothing where no feed is meant for a host', () => {
    const none = listsOf([feed('b', 'web')], currents, [], () => ['web1'])
    expect(none('db1')).toMatchObject({ text: '', networks: 0, at: 0, lacks: [] })
  })

  it('leave out what is there for roles alone', () => {
    const roles = listsOf([feed('a'), { ...feed('b'), isForRoles: true }], currents, [], () => [])
    expect(roles('web1')).toMatchObject({ feeds: ['a'], lacks: [] })
    expect(roles('web1').text).not.toContain('45.1.1.2')
  })

  it('say which feeds they lack', () => {
    const lacking = listsOf([...feeds, feed('c')], currents, [], () => [])
    expect(lacking('db1').lacks).toEqual(['c'])
  })
})

describe('differences', () => {
  const networks = fc.uniqueArray(fc.ipV4(), { maxLength: 20 }).map(all =>
    all
      .sort()
      .map(one => `${one}\n`)
      .join(''),
  )

  it('make the one list the other', () => {
    fc.assert(
      fc.property(networks, networks, (before, after) => {
        const lines = differenceOf(before, after).split('\n').filter(Boolean)
        const have = new Set(before.split('\n').filter(Boolean))
        for (const line of lines) {
          const known = have.has(line.slice(1))
          expect(known).toBe(line.startsWith('-'))
          if (known) have.delete(line.slice(1))
          else have.add(line.slice(1))
        }
        expect(
          [...have]
            .sort()
            .map(one => `${one}\n`)
            .join(''),
        ).toBe(after)
        expect(lines.map(line => line.slice(1))).toEqual(lines.map(line => line.slice(1)).sort())
      }),
    )
  })

  it('are small where little changed', () => {
    expect(differenceOf('1.1.1.1\n2.2.2.2\n3.3.3.3\n', '1.1.1.1\n2.2.2.3\n3.3.3.3\n')).toBe(
      '-2.2.2.2\n+2.2.2.3\n',
    )
  })
})

describe('lists that were sent', () => {
  it('are known by their hash, the last twelve of them, and never as something else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fleet-sent-'))
    const sent = Array.from({ length: 14 }, (_, at): HostList => {
      const text = `45.1.1.${at}\n`
      return { text, hash: hashOf(text), networks: 1, feeds: [], at: 1, lacks: [] }
    })
    for (const list of sent) {
      await keepSent(directory, list)
      expect(await readSent(directory, list.hash)).toBe(list.text)
    }
    expect(readdirSync(join(directory, 'sent'))).toHaveLength(12)
    const last = sent.at(-1)
    expect(last && (await lastSent(directory, last))).toBe(last?.hash)
    const next = { text: '', hash: hashOf('new'), networks: 1, feeds: [], at: 1, lacks: [] }
    expect(await lastSent(directory, next)).toBe(last?.hash)
    // What another fleet is at, and takes away.
    writeFileSync(join(directory, 'sent', `${next.hash}.1.new`), '')
    symlinkSync('nowhere', join(directory, 'sent', 'gone'))
    expect(await lastSent(directory, next)).toBe(last?.hash)
    writeFileSync(join(directory, 'sent', last?.hash ?? ''), 'something else\n')
    expect(await readSent(directory, last?.hash ?? '')).toBeUndefined()
    expect(await readSent(directory, '../../etc/passwd')).toBeUndefined()
    rmSync(directory, { recursive: true })
  })
})

describe('when hosts were last told', () => {
  it('is known of each fleet.yml, to the millisecond', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fleet-told-'))
    expect(await lastTold(directory, '/a')).toBe(0)
    await noteTold(directory, '/a', 1_700_000_000_123)
    expect([await lastTold(directory, '/a'), await lastTold(directory, '/b')]).toEqual([1_700_000_000_123, 0])
    rmSync(directory, { recursive: true })
  })
})
