import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostList } from './lists.ts'
import { hashOf, writeWhole } from './store.ts'

/** Lists that were sent, by their hashes: a host that has one of them is told differences alone. */
const KEPT = 12

const HASH = /^[\da-f]{64}$/

const folderOf = (directory: string) => join(directory, 'sent')

/** An earlier list; nothing where it isn't known here any more. */
export async function readSent(directory: string, hash: string): Promise<string | undefined> {
  if (!HASH.test(hash)) return undefined
  const text = await readFile(join(folderOf(directory), hash), 'utf8').catch(() => undefined)
  return text !== undefined && hashOf(text) === hash ? text : undefined
}

/** Remembers a list that is about to be sent; those that weren't for the longest time go. */
export async function keepSent(directory: string, { hash, text }: HostList): Promise<void> {
  const file = join(folderOf(directory), hash)
  const now = new Date()
  if ((await readSent(directory, hash)) === undefined) await writeWhole(file, text)
  else await utimes(file, now, now)
  const old = (await newestFirst(directory)).slice(KEPT)
  await Promise.all(old.map(name => rm(join(folderOf(directory), name), { force: true })))
}

/** The one that most hosts have: this one, where it was sent before, otherwise the one that was sent last. */
export async function lastSent(directory: string, { hash }: HostList): Promise<string | undefined> {
  if ((await readSent(directory, hash)) !== undefined) return hash
  return (await newestFirst(directory)).find(name => HASH.test(name))
}

/** All that is there, whatever it is: another fleet may write one just now, or take one away. */
async function newestFirst(directory: string): Promise<readonly string[]> {
  const names = await readdir(folderOf(directory)).catch(() => [])
  const found = await Promise.all(
    names.map(async name => {
      const there = await stat(join(folderOf(directory), name)).catch(() => undefined)
      return { name, at: there?.mtimeMs ?? 0 }
    }),
  )
  return found.toSorted((a, b) => b.at - a.at).map(({ name }) => name)
}

const toldAt = (directory: string, config: string) => join(directory, `told-${hashOf(config).slice(0, 16)}`)

/** Notes that hosts of this fleet.yml are told its lists from here now (epoch milliseconds). Error: `feed-state`. */
export const noteTold = (directory: string, config: string, now: number): Promise<void> =>
  writeWhole(toldAt(directory, config), String(now))

/** When hosts were last told from here; 0 where they never were. What is known here now is later than what they got then. */
export async function lastTold(directory: string, config: string): Promise<number> {
  const text = await readFile(toldAt(directory, config), 'utf8').catch(() => '')
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}
