import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { FleetError } from '../model/error.ts'
import { type Entry, isSpent, mergeEntries } from './entry.ts'
import { printLedger, readLedgerText } from './ledger-text.ts'

export const LEDGER = 'blocks.yml'

/** The ledger of an inventory: which addresses are blocked, until when, why, and who said so. */
export interface Ledger {
  /** As the user would name it. */
  readonly file: string
  readonly entries: readonly Entry[]
}

/** A ledger that isn't there is empty. Throws `FleetErrors` with all that is wrong with it, or `ledger-unreadable`. */
export async function readLedger(file: string): Promise<Ledger> {
  const { entries } = await load(file)
  return { file: shown(file), entries: mergeEntries(entries) }
}

/**
 * Changes a ledger, one process at a time: `change` gets what it says now, and gives what is to be added; the later
 * word on an address holds. What nobody has to remember any more is left out. Where somebody writes meanwhile who knows no
 * lock (an editor, git), or who took it from a process that slept, all of it is done again. Error: `ledger-unwritable`,
 * and those of reading.
 */
export async function changeLedger(
  file: string,
  now: number,
  change: (entries: readonly Entry[]) => readonly Entry[],
): Promise<Ledger> {
  const place = await realpath(file).catch(() => file)
  const release = await hold(place)
  try {
    for (;;) {
      const seen = await look(place)
      const { entries, comments } = await load(place, shown(file))
      const before = mergeEntries(entries)
      const after = mergeEntries(before, change(before)).filter(entry => !isSpent(entry, now))
      if (await replace(place, printLedger(after, comments), seen))
        return { file: shown(file), entries: after }
    }
  } finally {
    await release()
  }
}

async function load(file: string, name = shown(file)) {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return Buffer.alloc(0)
    throw new FleetError('ledger-unreadable', { reason: cause.message }, { at: { file: name }, cause })
  })
  return readLedgerText(bytes, name)
}

/**
 * A process that is killed leaves the lock, which is taken over after ten seconds. It is held for as long as the file
 * takes to be read and written.
 */
async function hold(file: string): Promise<() => Promise<void>> {
  const end = performance.now() + PATIENCE
  for (;;) {
    try {
      return await take(file)
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : ''
      if (code !== 'ELOCKED') throw unwritable(file, cause)
      const at = { file: shown(file) }
      if (performance.now() > end)
        throw new FleetError('ledger-busy', { lock: `${at.file}.lock` }, { at, cause })
      await sleep(10 + Math.random() * 40)
    }
  }
}

/** Milliseconds that others may hold it, one after the other. */
const PATIENCE = 60_000

async function take(file: string): Promise<() => Promise<void>> {
  let isLost = false
  const onCompromised = () => {
    isLost = true
  }
  const release = await lock(file, { realpath: false, stale: 10_000, update: 2000, onCompromised })
  return async () => {
    if (!isLost) await release()
  }
}

type Seen = Awaited<ReturnType<typeof look>>

/** What tells one writing of a file from the next. */
const look = (file: string) => stat(file).catch(() => undefined)

const isSame = (a: Seen, b: Seen) => a?.ino === b?.ino && a?.mtimeMs === b?.mtimeMs && a?.size === b?.size

/**
 * Whole under a new name first, so that whoever reads it, or a loss of power, finds the one or the other. Whether it is
 * still what was `seen`: otherwise nothing is replaced.
 */
async function replace(file: string, text: Iterable<string>, seen: Seen): Promise<boolean> {
  const draft = join(dirname(file), `.${LEDGER}.${randomBytes(4).toString('hex')}`)
  try {
    const handle = await open(draft, 'wx', 0o644)
    try {
      await write(handle, text, seen)
    } finally {
      await handle.close()
    }
    if (!isSame(seen, await look(file))) {
      await rm(draft)
      return false
    }
    await rename(draft, file)
    await syncFolder(dirname(file))
    return true
  } catch (cause) {
    await rm(draft, { force: true })
    throw unwritable(file, cause)
  }
}

/** With the mode and the owner of what it replaces. */
async function write(handle: FileHandle, text: Iterable<string>, before: Seen): Promise<void> {
  for (const piece of text) await handle.writeFile(piece)
  if (before) await handle.chmod(before.mode & 0o7777)
  if (before && before.uid !== process.getuid?.())
    await handle.chown(before.uid, before.gid).catch(() => undefined)
  await handle.sync()
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const unwritable = (file: string, cause: unknown) =>
  new FleetError(
    'ledger-unwritable',
    { reason: cause instanceof Error ? cause.message : String(cause) },
    { at: { file: shown(file) }, cause },
  )

function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') ? file : near
}
