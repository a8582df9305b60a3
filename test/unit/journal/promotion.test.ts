import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { realClock } from '../../../src/cli/clock.ts'
import { forgetPromotion, promote, promoted } from '../../../src/journal/promotion.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promotion-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('is heard as soon as the pause is told, before anybody listens', async () => {
  await forgetPromotion(folder, 'r')
  const promoting = promote(folder, 'r', realClock)
  while ((await readdir(folder)).length === 0) await realClock.sleep(1)
  await promoted(folder, 'r', realClock, new AbortController().signal)
  expect(await promoting).toBe(true)
})

it('of an earlier pause is none of this one', async () => {
  await writeFile(join(folder, 'r.promote'), '')
  await forgetPromotion(folder, 'r')
  expect(await readdir(folder)).toEqual([])
})

it('that nobody hears is taken back', async () => {
  expect(await promote(folder, 'r', realClock, 0)).toBe(false)
  expect(await readdir(folder)).toEqual([])
})
