import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../config/folder.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Event } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { GroupCommit } from './group-commit.ts'

/** The record of one run, one JSON object a line; it is never changed, only added to. */
export interface Journal {
  readonly file: string
  /**
   * Resolves when the event is safe on disk, where it has to be: the run's start and end, a host's arming and its
   * outcome. Other events resolve at once. Error: `journal-unwritable`, for the run's start alone; what comes later and
   * can't be made safe resolves as well, and the journal is lost.
   */
  append(event: Event): Promise<void>
  /** Aborted with `journal-lost` once something isn't on the disk that has to be. Its hosts are `not started`. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

export interface JournalTools {
  readonly clock: Pick<Clock, 'wall'>
  /** Told once, when the journal is lost. */
  readonly warn: (finding: Finding) => void
}

/** Begins the journal of a run: `<directory>/<run>.jsonl`, readable by its owner alone. Error: `journal-unwritable`. */
export async function openJournal(directory: string, run: string, tools: JournalTools): Promise<Journal> {
  const file = journalFile(directory, run)
  return begin(file, new GroupCommit(await create(directory, file)), tools)
}

/** Goes on with the journal of a run whose writer died; a line that it didn't end is cut off. Error: `journal-unwritable`. */
export async function reopenJournal(directory: string, run: string, tools: JournalTools): Promise<Journal> {
  const file = journalFile(directory, run)
  try {
    const text = await readFile(file)
    const length = text.lastIndexOf(0x0a) + 1
    const handle = await open(file, 'a')
    await handle.truncate(length)
    return begin(file, new GroupCommit(handle, length), tools)
  } catch (error) {
    throw unwritable(file, error, true)
  }
}

export const journalFile = (directory: string, run: string): string => join(directory, `${run}.jsonl`)

function begin(file: string, lines: GroupCommit, tools: JournalTools): Journal {
  const losing = new AbortController()
  const lose = (cause: unknown) => {
    if (losing.signal.aborted) return
    const args = { reason: reasonOf(cause) }
    const error = new FleetError('journal-lost', args, { at: { file }, hostState: 'not started', cause })
    losing.abort(error)
    tools.warn({ ...error.finding, severity: 'warning' })
  }
  const append = async (event: Event) => {
    const at = new Date(tools.clock.wall()).toISOString()
    const written = lines.add(`${JSON.stringify({ at, ...event })}\n`, mustBeSafe(event))
    if (event.type === 'run-started' || event.type === 'run-resumed') {
      await written.catch(error => Promise.reject(unwritable(file, error, event.type === 'run-resumed')))
    } else if (mustBeSafe(event)) await written.catch(lose)
    // It is tried again with the next one.
    else void written.catch(() => undefined)
  }
  return { file, append, lost: losing.signal, close: () => lines.close().catch(lose) }
}

/** Why a journal is lost, if it is. */
export const whyLost = ({ lost }: Pick<Journal, 'lost'>): Finding | undefined =>
  lost.reason instanceof FleetError ? lost.reason.finding : undefined

const SAFE: ReadonlySet<Event['type']> = new Set([
  'run-started',
  'run-resumed',
  'rollout-planned',
  'rollout-paused',
  'taking-back',
  'host-settled',
  'host-checked',
  'run-ended',
])

/** What a later run must know of if the controller dies now. */
function mustBeSafe(event: Event): boolean {
  if (event.type === 'host-step') return event.step === 'arming'
  return SAFE.has(event.type)
}

async function create(directory: string, file: string) {
  try {
    await makeFolder(directory, 0o700)
    const handle = await open(file, 'ax', 0o600)
    await syncDirectory(directory)
    return handle
  } catch (error) {
    throw unwritable(file, error)
  }
}

/** A file whose name isn't on the disk is lost with the power, whatever it holds. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** One that was begun can't be gone on with elsewhere. */
function unwritable(file: string, cause: unknown, isBegun = false): FleetError {
  return new FleetError('journal-unwritable', { reason: reasonOf(cause), isBegun }, { at: { file }, cause })
}

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
