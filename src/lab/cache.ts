import { createHash } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lock } from 'proper-lockfile'

export const CACHE = '/var/cache/fleet-lab'
const STALE = 20_000
const ASK = 200
/** A quarter of an hour of asking: longer than the slowest mirror needs. */
const TRIES = 4500

/** A folder's place in the cache; another recipe is another place, so nothing stale is ever used. */
export function cachePath(cache: string, name: string, recipe: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex')
  return join(cache, `${name}-${hash.slice(0, 12)}`)
}

/**
 * A folder that is costly to make, made once. `build` gets the path of a draft that doesn't exist; when it is done
 * the draft is renamed, under a lock. Neither an end in the middle nor two at once leaves half a folder.
 */
export async function cached(path: string, build: (draft: string) => Promise<void>): Promise<string> {
  if (await exists(path)) return path
  await mkdir(dirname(path), { recursive: true })
  const retries = { retries: TRIES, minTimeout: ASK, maxTimeout: ASK }
  const unlock = await lock(dirname(path), { lockfilePath: `${path}.lock`, stale: STALE, retries })
  try {
    if (await exists(path)) return path
    const draft = `${path}.draft`
    await rm(draft, { recursive: true, force: true })
    await build(draft)
    await rename(draft, path)
    return path
  } finally {
    await unlock()
  }
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
