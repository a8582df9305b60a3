import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { FleetError } from '../model/error.ts'
import type { Config } from './config.ts'

const NAME = 'fleet.yml'

/**
 * Reads `fleet.yml` in a folder; without one, everything is left out, and what reads it is not even loaded.
 * Throws `FleetErrors` with all that is wrong in it.
 */
export async function readConfig(directory: string): Promise<Config> {
  const file = join(directory, NAME)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return { roles: new Map(), concurrency: {} }
  const { parseConfig } = await import('./config.ts')
  return parseConfig(text, shown(file), directory)
}

/** What stands in a fleet.yaml would have no effect, without a word. Error: `config-other-name`. */
export function refuseOtherName(directory: string): void {
  const file = join(directory, 'fleet.yaml')
  if (existsSync(join(directory, NAME)) || !existsSync(file)) return
  throw new FleetError('config-other-name', {}, { at: { file: shown(file) } })
}

/** As the user would name it. */
function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') ? file : near
}
