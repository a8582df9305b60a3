import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cached, cachePath } from '../../../src/lab/cache.ts'

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'fleet-cache-'))
})
afterEach(async () => await rm(cache, { recursive: true }))

const build = async (draft: string) => {
  await mkdir(draft)
  await writeFile(join(draft, 'file'), 'whole')
}

describe('cached', () => {
  it('builds once, also when two ask at the same time', async () => {
    let built = 0
    const count = async (draft: string) => {
      built++
      await build(draft)
    }
    const path = join(cache, 'thing')
    const paths = await Promise.all([cached(path, count), cached(path, count), cached(path, count)])
    expect({ built, paths }).toEqual({ built: 1, paths: [path, path, path] })
  })

  it('never shows half a folder: a build that fails leaves nothing in its place, and the next one starts afresh', async () => {
    const path = join(cache, 'thing')
    const fail = async (draft: string) => {
      await mkdir(draft)
      await writeFile(join(draft, 'half'), '')
      throw new Error('power cut')
    }
    await expect(cached(path, fail)).rejects.toThrow('power cut')
    expect(await readdir(cache)).not.toContain('thing')
    await cached(path, build)
    expect(await readdir(path)).toEqual(['file'])
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('whole')
  })

  it('gives another recipe another place', () => {
    expect(cachePath('/c', 'x', ['a'])).toMatch(/^\/c\/x-[0-9a-f]{12}$/)
    expect(cachePath('/c', 'x', ['a'])).not.toBe(cachePath('/c', 'x', ['b']))
  })
})
