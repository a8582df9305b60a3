import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
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

/** As the user would name it. */
function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') ? file : near
}
