import { readFile } from 'node:fs/promises'
import type { Spans } from '../address/spans.ts'
import type { Feed } from '../config/feeds.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { type Fetched, fetchFeed, type Stamp } from './fetch.ts'
import { judgeFeed, type Own } from './judge.ts'
import { type Kept, keptAt, readKept, touchKept, writeKept } from './store.ts'

/** Where feeds are kept, and what they are held against. */
export interface Ground {
  readonly directory: string
  /** The folder of fleet.yml. */
  readonly config: string
  readonly own: readonly Own[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** What a feed came to. */
export interface Current {
  readonly name: string
  /**
   * `stands` as it was kept, not due; `same` as the source says; `changed`; `refused`: what came is wrong, or nothing came,
   * and what was kept stays in force, if there was anything.
   */
  readonly state: 'stands' | 'same' | 'changed' | 'refused'
  /** The list in force; nothing where there never was one, or where it may not be any more. */
  readonly spans?: Spans
  /** Lines of it. */
  readonly entries: number
  /** Epoch milliseconds at which it was last known to be what the feed says. */
  readonly checked?: number
  readonly findings: readonly Finding[]
}

/** Brings a feed up to date where it is due, or `always`. A feed that is refused changes nothing. */
export async function refreshFeed(feed: Feed, ground: Ground, always = false): Promise<Current> {
  const file = keptAt(ground.directory, feed, ground.config)
  const kept = await readKept(file)
  if (kept && !always && !isDue(feed, kept, ground.now)) return inForce(feed, kept, ground, 'stands')
  try {
    const came = await read(feed, kept)
    if (came === 'unchanged' || came.text === kept?.text) {
      if (kept) return await confirm(file, feed, kept, ground)
    }
    return came === 'unchanged' ? refused(feed, kept, ground, []) : await take(file, feed, came, kept, ground)
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return refused(feed, kept, ground, [{ ...error.finding, at: feed.at }])
  }
}

/** The list in force, without asking anybody. */
export async function currentFeed(feed: Feed, ground: Ground): Promise<Current> {
  const kept = await readKept(keptAt(ground.directory, feed, ground.config))
  return kept
    ? inForce(feed, kept, ground, 'stands')
    : { name: feed.name, state: 'stands', entries: 0, findings: [] }
}

/** A file here is looked at each time; a clock that went back makes no list last longer. */
const isDue = (feed: Feed, { checked }: Kept, now: number) =>
  'file' in feed.source || checked > now || now - checked >= feed.refresh

async function read(feed: Feed, known: Stamp | undefined): Promise<Fetched | 'unchanged'> {
  if ('url' in feed.source) return fetchFeed(feed.name, feed.source.url, known)
  const text = await readFile(feed.source.file, 'utf8').catch((error: unknown) => {
    const detail = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new FleetError('feed-fetch', { name: feed.name, why: 'missing', detail })
  })
  return { text }
}

async function confirm(file: string, feed: Feed, kept: Kept, ground: Ground): Promise<Current> {
  await touchKept(file, ground.now)
  return inForce(feed, { ...kept, checked: ground.now }, ground, 'same')
}

async function take(
  file: string,
  feed: Feed,
  came: Fetched,
  kept: Kept | undefined,
  ground: Ground,
): Promise<Current> {
  const around = { own: ownFor(feed, ground), ...(kept ? { before: kept.entries } : {}) }
  const { spans, entries, wrong } = judgeFeed(feed, came.text, sourceOf(feed), around)
  if (wrong.length > 0) return refused(feed, kept, ground, wrong)
  await writeKept(file, { ...came, entries, checked: ground.now })
  return { name: feed.name, state: 'changed', spans, entries, checked: ground.now, findings: [] }
}

function refused(feed: Feed, kept: Kept | undefined, ground: Ground, wrong: readonly Finding[]): Current {
  const args = {
    name: feed.name,
    entries: kept?.entries ?? null,
    since: kept ? new Date(kept.checked).toISOString() : null,
  }
  const last: Finding = { code: 'feed-kept', severity: 'error', args, at: feed.at }
  const findings = [...wrong, last]
  if (!kept) return { name: feed.name, state: 'refused', entries: 0, findings }
  const current = inForce(feed, kept, ground, 'refused')
  return { ...current, findings: [...findings, ...current.findings] }
}

/**
 * What was kept was judged when it came; fleet.yml and the inventory may say something else since then, so what it
 * must not have is taken out once more. Where that leaves too much, nothing at all is said for those it is meant for.
 */
function inForce(feed: Feed, kept: Kept, ground: Ground, state: Current['state']): Current {
  const allow = [...feed.allow, ...ownFor(feed, ground).map(({ address }) => address)]
  const { spans, entries, wrong } = judgeFeed({ ...feed, allow }, kept.text, sourceOf(feed), { own: [] })
  const about = { name: feed.name, entries, checked: kept.checked }
  const tooMuch = wrong.filter(({ code }) => code === 'feed-too-wide' || code === 'feed-half')
  if (tooMuch.length > 0) return { ...about, state: 'refused', findings: tooMuch }
  return { ...about, state, spans, findings: [] }
}

/** What nobody blocks may have hosts of one's own in it: a country that roles let in. */
const ownFor = ({ isForRoles }: Feed, { own }: Ground): Ground['own'] => (isForRoles ? [] : own)

/** As a place: a URL may have a key in its query that is nobody's business. */
function sourceOf({ source }: Feed): string {
  if ('file' in source) return source.file
  const { origin, pathname } = new URL(source.url)
  return origin + pathname
}
