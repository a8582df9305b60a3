import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Where a path leads, however it is spelled, and also where it isn't made yet. */
export async function placeOf(path: string): Promise<string> {
  const whole = resolve(path)
  const parent = dirname(whole)
  return realpath(whole).catch(async () =>
    parent === whole ? whole : join(await placeOf(parent), basename(whole)),
  )
}

/** A list of hosts is no place. */
export const isPlace = (source: string): boolean => !source.includes(',')

export const placesOf = (inventory: readonly string[]): Promise<readonly string[]> =>
  Promise.all(inventory.map(async source => (isPlace(source) ? placeOf(source) : source)))

/** Whether two runs went by the same inventory. */
export async function isSameInventory(a: readonly string[], b: readonly string[]): Promise<boolean> {
  if (a.length !== b.length) return false
  return isSame(a, b) || isSame(await placesOf(a), await placesOf(b))
}

const isSame = (a: readonly string[], b: readonly string[]) => a.every((source, at) => source === b[at])
