import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { follow } from '../../../src/cli/watch.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** More than a call has room for as its arguments. */
const MANY = 200_000

it('a run is followed from its first event on, however many there are by then', async () => {
  const file = join(folder, 'r.jsonl')
  const line = (event: object) => `${JSON.stringify({ at: '2026-01-31T00:00:00.000Z', ...event })}\n`
  const started = { type: 'run-started', run: 'r', who: 'me', command: 'apply', hosts: 1 }
  const answered = { type: 'host-answered', host: 'a' }
  await writeFile(file, line(started) + line(answered).repeat(MANY))
  expect(await follow(file, new AbortController().signal)).toHaveLength(MANY + 1)
})
