import { writeFileSync } from 'node:fs'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/block/entry.ts'
import { changeLedger, readLedger } from '../../../src/block/ledger.ts'
import { entry as makeEntry } from './fixture.ts'

const AT = Date.parse('2026-11-22T18:20:00.123Z')
const NOW = Math.floor(AT / 1000)
const entry = (address: string, more: Partial<Entry> = {}): Entry =>
  makeEntry(address, { until: NOW + 86_400, at: AT, ...more })
const lifted = (address: string, at: number): Entry => entry(address, { lifted: { by: 'you@there', at } })

let file = ''
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'ledger-')), 'blocks.yml')
})
afterEach(() => rm(join(file, '..'), { recursive: true }))

const add = (...entries: readonly Entry[]) => changeLedger(file, NOW, () => entries)
const read = async () => (await readLedger(file)).entries
const words = (entries: readonly Entry[]) => entries.map(({ address }) => address)

describe('the ledger', () => {
  it('says one entry in a few lines, sorted by numbers, so that git can merge it', async () => {
    await add(
      entry('2001:db8::', { direction: 'in', until: 0 }),
      entry('203.0.113.0/24', { reason: 'it\'s "them": # all', limit: 'web:&eu', evenSo: ['203.0.113.7'] }),
      entry('9.0.0.1-9.0.0.3'),
      lifted('100.0.0.0/8', AT + 1),
    )
    expect((await readFile(file, 'utf8')).replace(/^#.*\n/gm, '')).toBe(`- address: 9.0.0.1-9.0.0.3
  until: 2026-11-23T18:20:00Z
  by: me@here
  at: 2026-11-22T18:20:00.123Z
- address: 100.0.0.0/8
  until: 2026-11-23T18:20:00Z
  by: me@here
  at: 2026-11-22T18:20:00.123Z
  lifted: {"by":"you@there","at":"2026-11-22T18:20:00.124Z"}
- address: 203.0.113.0/24
  until: 2026-11-23T18:20:00Z
  reason: "it's \\"them\\": # all"
  by: me@here
  at: 2026-11-22T18:20:00.123Z
  limit: "web:&eu"
  evenSo: ["203.0.113.7"]
- address: "2001:db8::"
  until: never
  direction: in
  by: me@here
  at: 2026-11-22T18:20:00.123Z
`)
  })

  it('is read as it was written, by any reader of YAML too', async () => {
    const all = [
      entry('9.0.0.1-9.0.0.3'),
      lifted('100.0.0.0/8', AT + 1),
      ...['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(one => entry(one, { reason: 'aus Köln: „bös“' })),
      entry('203.0.113.0/24', { reason: 'a "b"\n\u2028 c', limit: 'web', evenSo: ['203.0.113.7'] }),
      entry('2001:db8::', { direction: 'in', until: 0 }),
    ]
    await add(...all)
    expect(await read()).toEqual(all)
    // A comment in the middle is nothing that fleet writes: the other reader has its turn.
    await writeFile(file, (await readFile(file, 'utf8')).replace('  by:', '  # ask Bob first\n  by:'))
    expect(await read()).toEqual(all)
  })

  it('takes what people write by hand', async () => {
    await writeFile(
      file,
      '# ours\n---\n- {address: 203.0.113.9}\n- address: 198.51.100.0/24\n  reason: bad\n',
    )
    expect(await read()).toMatchObject([
      { address: '198.51.100.0/24', reason: 'bad' },
      { address: '203.0.113.9', until: 0, direction: 'both', at: 0 },
    ])
  })

  it.each([
    ['- address: 203.0.113.9\n  until: tomorrow\n', 'ledger-value', 1],
    ['- address: 203.0.113.9\n- address: 203.0.113\n', 'block-address', 2],
    ['# a\n- address: 203.0.113.9\n  by: me\n- address: 203.0.113\n  by: me\n', 'block-address', 4],
    ['- address: 203.0.113.9\n  by: me\n- address: 203.0.113.8\n  by: me\n  by: you\n', 'ledger-yaml', 5],
    ['- address: 203.0.113.9\n  untill: never\n', 'ledger-field', 1],
    ['- address: 203.0.113.9\n- until: never\n', 'ledger-missing', 2],
    ['- address: 203.0.113.9\n  direction: left\n', 'ledger-value', 1],
    ['- address: 203.0.113.9\n  at: 2026-11-22T18:20:00\n', 'ledger-value', 1],
    ['- address: [203.0.113.9\n', 'ledger-yaml', 2],
    ['address: 203.0.113.9\n', 'ledger-form', 1],
    ['- 203.0.113.9\n', 'ledger-form', 1],
    [
      '- address: 1.1.1.1\n<<<<<<< HEAD\n  by: me\n=======\n  by: you\n>>>>>>> theirs\n',
      'ledger-conflict',
      2,
    ],
  ])('is refused with its line where it is wrong, and left as it is: %j', async (text, code, line) => {
    await writeFile(file, text)
    const expected = { code, at: { line } }
    const refusal = await add(entry('203.0.113.9')).catch(error => error.findings?.[0] ?? error)
    expect(refusal).toMatchObject(expected)
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(await readdir(join(file, '..'))).toEqual(['blocks.yml'])
  })

  it('holds the later word on an address, also where git has kept both', async () => {
    await add(entry('1.1.1.1'), entry('2.2.2.2'))
    const mine = await readFile(file, 'utf8')
    await add(lifted('1.1.1.1', AT + 5))
    await add(entry('1.1.1.1', { at: AT + 3, until: 0 }))
    expect(await read()).toMatchObject([{ lifted: { at: AT + 5 } }, { address: '2.2.2.2' }])
    await writeFile(file, (await readFile(file, 'utf8')) + mine.replace(/^#.*\n/gm, ''))
    expect(await read()).toMatchObject([{ lifted: { at: AT + 5 } }, { address: '2.2.2.2' }])
  })

  it('has an entry for each limit', async () => {
    await add(entry('1.1.1.1'), entry('1.1.1.1', { limit: 'web' }))
    await add(entry('1.1.1.1', { limit: 'web', at: AT + 1, until: 0 }))
    expect((await read()).map(({ limit, until }) => [limit, until])).toEqual([
      [undefined, NOW + 86_400],
      ['web', 0],
    ])
  })

  it('forgets what is over for two days, and that something for ever was lifted after 90 and these', async () => {
    const days = (count: number) => AT - count * 86_400_000
    await add(
      entry('1.1.1.1', { until: NOW - 2 * 86_400 - 1 }),
      entry('1.1.1.2', { until: NOW - 86_400 - 1 }),
      entry('2.2.2.2', { until: 0, lifted: { by: 'x', at: days(93) } }),
      entry('3.3.3.3', { until: 0, lifted: { by: 'x', at: days(89) } }),
    )
    expect(words(await read())).toEqual(['1.1.1.2', '3.3.3.3'])
  })

  it('keeps its mode, the comments above it and the link that leads to it', async () => {
    const real = `${file}.real`
    await writeFile(real, '# of the night shift\n\n- address: 1.1.1.1\n')
    await chmod(real, 0o640)
    await symlink(real, file)
    await add(entry('2.2.2.2'))
    expect((await stat(real)).mode & 0o777).toBe(0o640)
    expect(await readFile(real, 'utf8')).toMatch(/^# of the night shift\n- address: 1.1.1.1\n/)
  })

  it('loses nothing to many who write at once', async () => {
    const all = Array.from({ length: 25 }, (_, number) => add(entry(`10.0.0.${number}`)))
    await Promise.all(all)
    expect(await read()).toHaveLength(25)
    expect(await readdir(join(file, '..'))).toEqual(['blocks.yml'])
  })

  it('loses nothing to who knows no lock either, as an editor or git', async () => {
    await add(entry('1.1.1.1'))
    let tries = 0
    await changeLedger(file, NOW, () => {
      if (++tries === 1) writeFileSync(file, '- address: 2.2.2.2\n')
      return [entry('3.3.3.3')]
    })
    expect(words(await read())).toEqual(['2.2.2.2', '3.3.3.3'])
    expect(await readdir(join(file, '..'))).toEqual(['blocks.yml'])
  })

  it('is taken over from a process that was killed while it held it', async () => {
    await mkdir(`${file}.lock`)
    const long = new Date(Date.now() - 60_000)
    await utimes(`${file}.lock`, long, long)
    await add(entry('1.1.1.1'))
    expect(words(await read())).toEqual(['1.1.1.1'])
  })

  it('says where it cannot be written, and leaves nothing behind', async () => {
    const missing = join(file, '..', 'missing', 'blocks.yml')
    const change = changeLedger(missing, NOW, () => [entry('1.1.1.1')])
    await expect(change).rejects.toMatchObject({ code: 'ledger-unwritable' })
    expect(await readdir(join(file, '..'))).toEqual([])
  })

  it('reads and writes a hundred thousand entries', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 100_000 }, (_, n) =>
      entry(`${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.9`),
    )
    await add(...many)
    expect(await read()).toHaveLength(100_000)
  })
})
