import { createHash } from 'node:crypto'
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Feed } from '../config/feeds.ts'
import { makeFolder } from '../config/folder.ts'
import { FleetError } from '../model/error.ts'
import type { Stamp } from './fetch.ts'

/** The list of a feed that is in force: the last one that nothing was wrong with. */
export interface Kept extends Stamp {
  readonly text: string
  readonly entries: number
  /** Epoch milliseconds at which it was last known to be what the feed says. */
  readonly checked: number
}

const FIRST = '#fleet-feed 1 '

/** A feed is its name, its source, and the fleet.yml that names it. */
export function keptAt(directory: string, feed: Feed, config: string): string {
  const source = 'url' in feed.source ? feed.source.url : feed.source.file
  const key = createHash('sha256')
    .update(JSON.stringify([config, source]))
    .digest('hex')
  return join(directory, `${feed.name}-${key.slice(0, 16)}.list`)
}

/** Nothing where there is none, or none that is whole: the feed is fetched anew then. */
export async function readKept(file: string): Promise<Kept | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const end = text.indexOf('\n')
  if (!text.startsWith(FIRST) || end === -1) return undefined
  const body = text.slice(end + 1)
  const said = parse(text.slice(FIRST.length, end))
  if (said?.sha256 !== hashOf(body) || typeof said.entries !== 'number') return undefined
  const { mtimeMs } = await stat(file)
  const { etag, lastModified } = said
  return {
    text: body,
    entries: said.entries,
    checked: mtimeMs,
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof lastModified === 'string' ? { lastModified } : {}),
  }
}

/** Whole or not at all: under its name only once it is on the disk. */
export async function writeKept(file: string, { text, checked, ...rest }: Kept): Promise<void> {
  await writeWhole(file, `${FIRST}${JSON.stringify({ ...rest, sha256: hashOf(text) })}\n${text}`)
  await touchKept(file, checked)
}

/** Error: `feed-state`. */
export const touchKept = (file: string, checked: number): Promise<void> =>
  keeping(file, () => utimes(file, checked / 1000, checked / 1000))

/** Error: `feed-state`. */
export const writeWhole = (file: string, text: string): Promise<void> =>
  keeping(file, () => write(file, text))

/** No room, or no leave: what was kept stays. */
async function keeping(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new FleetError('feed-state', { file, reason: String(error.code) }, { cause: error })
  }
}

async function write(file: string, text: string): Promise<void> {
  await makeFolder(dirname(file), 0o700)
  const fresh = `${file}.${process.pid}.new`
  try {
    const handle = await open(fresh, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
