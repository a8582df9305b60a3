import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeOver } from '../../../src/cli/take-over.ts'
import { findRun } from '../../../src/journal/find.ts'
import { thisWriter } from '../../../src/journal/writer.ts'

const AT = '2026-01-31T00:00:00.000Z'
const STARTED = { at: AT, type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 1 }
const RESUMED = { type: 'run-resumed', run: 'r', who: 'you', writer: thisWriter() } as const

let folder = ''
const file = () => join(folder, 'r.jsonl')
const write = (event: object) => appendFile(file(), `${JSON.stringify(event)}\n`)
const types = async () =>
  [...(await readFile(file(), 'utf8')).matchAll(/"type":"([^"]+)"/g)].map(([, type]) => type)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'take-over-'))
  await write(STARTED)
})
afterEach(() => rm(folder, { recursive: true }))

describe('a journal that is gone on with', () => {
  it('says so next', async () => {
    const journal = await takeOver(folder, await findRun(folder, 'r'), RESUMED)
    await journal.close()
    expect(await types()).toEqual(['run-started', 'run-resumed'])
  })

  it('is left alone where its run came to another end meanwhile', async () => {
    const record = await findRun(folder, 'r')
    await write({ at: AT, type: 'run-ended', run: 'r', states: { reverted: 1 } })
    await expect(takeOver(folder, record, RESUMED)).rejects.toMatchObject({ code: 'run-moved' })
    expect(await types()).toEqual(['run-started', 'run-ended'])
  })

  it('is left alone where somebody living has gone on with it first', async () => {
    await write({ at: AT, ...RESUMED, writer: { pid: 1, start: '' } })
    const record = await findRun(folder, 'r')
    await expect(takeOver(folder, record, RESUMED)).rejects.toMatchObject({
      code: 'run-going-on',
      args: { pid: 1 },
    })
  })
})
