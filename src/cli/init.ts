import { cp, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../config/folder.ts'
import { FleetError } from '../model/error.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'

const START = fileURLToPath(new URL('../../templates/init', import.meta.url))

/** Writes a starting inventory, fleet.yml and a role. Throws `init-unwritable`, `init-not-empty`: nothing of the user's is ever overwritten. */
export async function run(flags: Flags): Promise<number> {
  const folder = flag(flags, 'folder', 'string') ?? '.'
  const path = resolve(folder)
  await makeFolder(path).catch((error: Error) => {
    throw new FleetError('init-unwritable', { reason: error.message }, { cause: error })
  })
  const there = (await readdir(path)).filter(name => !name.startsWith('.'))
  if (there.length > 0) throw new FleetError('init-not-empty', { folder: path, first: there[0] ?? '' })
  await cp(START, path, { recursive: true })
  const made = (await readdir(path, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  for (const { parentPath, name } of made)
    process.stdout.write(`wrote ${join(parentPath, name).slice(path.length + 1)}\n`)
  const inside = folder === '.' ? '' : `cd ${folder} && `
  process.stdout.write(
    `\nNow name your hosts in inventory.ini, then: ${inside}fleet render, fleet plan, fleet apply\n`,
  )
  return 0
}
