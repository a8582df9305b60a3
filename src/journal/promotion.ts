import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../model/clock.ts'

/*
 * A paused run is let go on by a file beside its journal: whoever promotes it makes the file, the run takes it away.
 */

/** Milliseconds between two looks. */
const BETWEEN_LOOKS = 300

const fileOf = (directory: string, run: string) => join(directory, `${run}.promote`)

/** Asks a paused run to go on, and resolves when it has heard; false where it didn't within `limit` milliseconds. */
export async function promote(
  directory: string,
  run: string,
  clock: Clock,
  limit = 10_000,
): Promise<boolean> {
  const file = fileOf(directory, run)
  await writeFile(file, '', { mode: 0o600 })
  const end = clock.now() + limit
  while (clock.now() < end) {
    if (!(await exists(file))) return true
    await clock.sleep(BETWEEN_LOOKS / 3)
  }
  await rm(file, { force: true })
  return false
}

/** Before it is said that a run pauses: a promotion from before that doesn't count, and one from after it does. */
export const forgetPromotion = (directory: string, run: string): Promise<void> =>
  rm(fileOf(directory, run), { force: true })

/** Resolves when somebody promotes the run, or it is over. */
export async function promoted(
  directory: string,
  run: string,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  const file = fileOf(directory, run)
  while (!over.aborted) {
    if (await exists(file)) return rm(file, { force: true })
    await clock.sleep(BETWEEN_LOOKS, over)
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
