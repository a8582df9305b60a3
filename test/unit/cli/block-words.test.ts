import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readWords } from '../../../src/cli/block-words.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'words-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** More than a call has room for as its arguments. */
const MANY = 200_000

it('a file names as many addresses as it has lines', async () => {
  const file = join(folder, 'list.txt')
  // No two of them are one network.
  const each = Array.from({ length: MANY }, (_, at) => at * 2)
  const lines = each.map(at => `5.${Math.floor(at / 65_536)}.${Math.floor(at / 256) % 256}.${at % 256}`)
  await writeFile(file, lines.join('\n'))
  const named = await readWords([file, '198.51.100.7'])
  expect(named).toHaveLength(MANY + 1)
})
