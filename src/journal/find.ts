import { readdir } from 'node:fs/promises'
import { FleetError } from '../model/error.ts'
import { journalFile } from './append.ts'
import { isSameInventory } from './inventory-place.ts'
import { type RunRecord, recordOf } from './record.ts'
import { readJournal } from './replay.ts'

/** How many runs are looked through for one that was never brought to its end. */
const LOOKED_AT = 100

/** One run by its name. Errors: `journal-missing` with the newest runs, `journal-unreadable`. */
export async function findRun(directory: string, run: string): Promise<RunRecord> {
  const names = await runsIn(directory)
  const record = names.includes(run) ? recordOf(await readJournal(journalFile(directory, run))) : undefined
  if (record) return record
  throw new FleetError('run-unknown', { run, directory, newest: names.slice(0, 3) })
}

/** The newest run of an inventory, and an older one that has no end. Errors: `run-none`. */
export async function findNewestRun(
  directory: string,
  inventory: readonly string[],
): Promise<{ readonly record: RunRecord; readonly older?: string }> {
  let newest: RunRecord | undefined
  for await (const record of runsOf(directory, inventory)) {
    if (newest && !record.isEnded) return { record: newest, older: record.run }
    newest ??= record
  }
  if (newest) return { record: newest }
  throw new FleetError('run-none', { directory, inventory })
}

/**
 * The newest run of an inventory that has no end; where there is none, its newest run. Error: `run-none`.
 * Journals that can't be read are passed over.
 */
export async function findOpenRun(directory: string, inventory: readonly string[]): Promise<RunRecord> {
  let newest: RunRecord | undefined
  for await (const record of runsOf(directory, inventory)) {
    if (!record.isEnded) return record
    newest ??= record
  }
  if (newest) return newest
  throw new FleetError('run-none', { directory, inventory })
}

/** Runs of its inventory that began after it, the oldest first. Journals that can't be read are passed over. */
export async function findLater(
  directory: string,
  { run, inventory }: Pick<RunRecord, 'run' | 'inventory'>,
): Promise<readonly RunRecord[]> {
  const found: RunRecord[] = []
  for (const name of (await runsIn(directory)).filter(one => one > run).toReversed()) {
    const record = await read(directory, name)
    if (record && (await isSameInventory(record.inventory, inventory))) found.push(record)
  }
  return found
}

/** The newest first. Journals that can't be read are passed over. */
async function* runsOf(directory: string, inventory: readonly string[]): AsyncGenerator<RunRecord> {
  for (const name of (await runsIn(directory)).slice(0, LOOKED_AT)) {
    const record = await read(directory, name)
    if (record && (await isSameInventory(record.inventory, inventory))) yield record
  }
}

async function read(directory: string, run: string): Promise<RunRecord | undefined> {
  try {
    return recordOf(await readJournal(journalFile(directory, run)))
  } catch (error) {
    if (error instanceof FleetError) return undefined
    throw error
  }
}

/** Their names begin with the time; the newest is first. */
export async function runsIn(directory: string): Promise<readonly string[]> {
  const files = await readdir(directory).catch(() => [])
  return files
    .filter(name => name.endsWith('.jsonl'))
    .map(name => name.slice(0, -'.jsonl'.length))
    .sort()
    .reverse()
}
