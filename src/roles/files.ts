import { readdirSync, readFileSync } from 'node:fs'

/** A file's text; empty where there is none. */
export const readIfThere = (path: string): string => ifThere('', () => readFileSync(path, 'utf8'))

/** The names in a folder; none where there is no such folder. */
export const listIfThere = (path: string): string[] => ifThere([], () => readdirSync(path))

function ifThere<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise
    throw error
  }
}
