import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSources, type Sources } from '../../../src/cli/inputs.ts'
import { prepareLockdown } from '../../../src/cli/lockdown-targets.ts'
import { prepare } from '../../../src/cli/survey.ts'
import { prepareBack } from '../../../src/cli/ways-back.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-'))
})
afterEach(() => rm(folder, { recursive: true }))

const { signal } = new AbortController()
const planned = { run: 'r', rendered: new Map<string, string>() }
type Flags = Readonly<Record<string, unknown>>

describe('a run that is gone on with', () => {
  it.each([
    ['an apply', (flags: Flags, sources: Sources) => prepare(flags, signal, { sources, planned })],
    [
      'a rollback',
      (flags: Flags, sources: Sources) => prepareBack(flags, signal, () => ({ to: 1 }), sources),
    ],
    ['a lockdown', (flags: Flags, sources: Sources) => prepareLockdown(flags, signal, sources)],
  ])('reads its inventory once: %s', async (_, prepareAgain) => {
    const inventory = join(folder, 'inventory.ini')
    await writeFile(inventory, 'web1 ansible_host=192.0.2.1\nweb2 ansible_host=192.0.2.2\n')
    const flags = { inventory: [inventory], limit: 'web1' }
    const sources = await readSources(flags)
    await rm(inventory)
    const { targets } = await prepareAgain(flags, sources)
    expect(targets.map(({ host }) => host)).toEqual(['web1'])
  })
})
