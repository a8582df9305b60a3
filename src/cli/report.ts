import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { readJournal } from '../journal/replay.ts'
import { summaryOf } from '../journal/summary.ts'
import { FleetError } from '../model/error.ts'
import { say } from '../report/say.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'

/** A page about a run that somebody asked for. */
export interface Report {
  /** Makes it from the journal. What keeps it from being made is said, and changes nothing of the run. */
  write(journal: string): Promise<void>
}

/** Undefined where nobody asked. Error: `report-unwritable`, before any host is contacted. */
export async function reportOf(flags: Flags): Promise<Report | undefined> {
  const file = flag(flags, 'report', 'string')
  if (file === undefined) return undefined
  const place = await placeOf(file)
  return {
    write: async journal => {
      try {
        await write(place, journal)
        process.stderr.write(`report: ${file}\n`)
      } catch (error) {
        const reason = error instanceof FleetError ? say(error.finding) : reasonOf(error)
        process.stderr.write(`${say({ code: 'report-unmade', severity: 'warning', args: { reason } })}\n`)
      }
    },
  }
}

/** Where a page is put: a pipe or a device is written to, a file is replaced, so that whoever reads it has one or the other. */
interface Place {
  readonly file: string
  readonly isReplaced: boolean
}

const beside = (file: string) => `${file}.new`

async function placeOf(name: string): Promise<Place> {
  try {
    const found = await stat(name).catch(() => undefined)
    if (found?.isDirectory()) throw new Error('it is a folder')
    if (found && !found.isFile()) return { file: name, isReplaced: false }
    const file = found ? await realpath(name) : name
    await writeFile(beside(file), '')
    await rm(beside(file))
    return { file, isReplaced: true }
  } catch (error) {
    throw new FleetError(
      'report-unwritable',
      { reason: reasonOf(error) },
      { at: { file: name }, cause: error },
    )
  }
}

async function write({ file, isReplaced }: Place, journal: string): Promise<void> {
  const { printPage } = await import('../report/page/page.ts')
  const recorded = await readJournal(journal)
  const summary = summaryOf(recorded, realClock.wall())
  if (!summary)
    throw new FleetError('journal-missing', { reason: 'it has no beginning' }, { at: { file: journal } })
  const page = printPage(summary, recorded)
  if (!isReplaced) return writeFile(file, page)
  await writeFile(beside(file), page)
  await rename(beside(file), file)
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
