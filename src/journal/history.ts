import { open } from 'node:fs/promises'
import { FleetError } from '../model/error.ts'
import type { RunSummary } from '../model/run.ts'
import { journalFile } from './append.ts'
import { runsIn } from './find.ts'
import { isSameInventory } from './inventory-place.ts'
import { parseLine, readJournal } from './replay.ts'
import { summaryOf } from './summary.ts'

/** The newest runs of an inventory, the newest first. Journals that can't be read are passed over. */
export async function history(
  directory: string,
  inventory: readonly string[],
  { most, now }: { readonly most: number; readonly now: number },
): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = []
  for (const run of await runsIn(directory)) {
    if (found.length === most) break
    const file = journalFile(directory, run)
    const summary = (await isOf(inventory, file)) ? await read(file, now) : undefined
    if (summary) found.push(summary)
  }
  return found
}

/** Bytes in which a first line nearly always ends. */
const HEAD = 65_536

/** Whether a journal is one of the inventory; its first line says that, and other inventories' journals are long. */
async function isOf(inventory: readonly string[], file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined)
  if (!handle) return false
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    const head = buffer.subarray(0, bytesRead).toString()
    const end = head.indexOf('\n')
    // A longer one decides when all of it is read.
    if (end < 0)
      return bytesRead === HEAD && isSameInventory((await read(file, 0))?.inventory ?? [], inventory)
    const event = parseLine(head.slice(0, end))?.event
    return event?.type === 'run-started' && isSameInventory(event.inventory ?? [], inventory)
  } finally {
    await handle.close()
  }
}

async function read(file: string, now: number): Promise<RunSummary | undefined> {
  try {
    return summaryOf(await readJournal(file), now)
  } catch (error) {
    if (error instanceof FleetError) return undefined
    throw error
  }
}
