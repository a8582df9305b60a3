import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeFolder } from '../../../src/config/folder.ts'

let top = ''
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'folder-'))
})
afterAll(() => rm(top, { recursive: true }))

it('makes a folder with those above it, for its owner alone where that is said', async () => {
  const path = join(top, 'a/b/c')
  await makeFolder(path, 0o700)
  await makeFolder(path, 0o700)
  for (const one of [path, join(top, 'a')]) expect((await stat(one)).mode & 0o777).toBe(0o700)
})

it('is content with several who make the same', async () => {
  const path = join(top, 'd/e/f/g')
  await Promise.all([makeFolder(path), makeFolder(join(path, 'h')), makeFolder(path)])
  expect((await stat(join(path, 'h'))).isDirectory()).toBe(true)
})

it('ends where a folder takes no other, or something else stands in the way', async () => {
  await writeFile(join(top, 'file'), '')
  await symlink(join(top, 'nowhere'), join(top, 'dangling'))
  for (const path of [
    '/proc/fleet',
    '/proc/fleet/runs',
    ...['file', 'file/a', 'dangling', 'dangling/a'].map(one => join(top, one)),
  ])
    await expect(makeFolder(path)).rejects.toThrow(/^(ENOENT|EEXIST|ENOTDIR): /)
})
