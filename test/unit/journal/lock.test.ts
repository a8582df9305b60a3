import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockInventory } from '../../../src/journal/lock.ts'

const HOLDER = { run: 'r1', who: 'me@here', since: '2026-01-02', pid: 7 }

let folder = ''
let letGo = () => {}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  await mkdir(join(folder, 'journals'))
  await symlink('journals', join(folder, 'linked'))
  await writeFile(join(folder, 'hosts'), '')
  await symlink('hosts', join(folder, 'same'))
  letGo = await lock('journals', ['hosts'])
})
afterEach(async () => {
  letGo()
  await rm(folder, { recursive: true })
})

const at = (name: string) => (name.includes(',') ? name : `${folder}/${name}`)
const lock = (journals: string, inventory: readonly string[]) =>
  lockInventory(at(journals), inventory.map(at), HOLDER)

describe('one run at a time on an inventory', () => {
  it.each([
    ['as it is', 'journals', 'hosts'],
    ['with a detour', 'missing/../journals', './hosts'],
    ['with a slash more', 'journals/', 'hosts'],
    ['by links', 'linked', 'same'],
  ])('however it is spelled: %s', async (_, journals, inventory) => {
    await expect(lock(journals, [inventory])).rejects.toMatchObject({ code: 'run-going-on', args: HOLDER })
  })

  it('is no matter of another inventory, or other journals', async () => {
    const others = [await lock('journals', ['h1,h2,']), await lock('not/made/yet', ['hosts'])]
    await expect(lock('not/made/../made/yet', ['hosts'])).rejects.toMatchObject({ code: 'run-going-on' })
    for (const one of others) one()
  })
})
