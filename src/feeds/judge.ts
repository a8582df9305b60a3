import {
  type FamilySpan,
  isNothing,
  type Span,
  type Spans,
  shared,
  spansOf,
  takeOut,
  unite,
} from '../address/spans.ts'
import type { Feed } from '../config/feeds.ts'
import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import { type Listed, readList } from './list.ts'
import { RESERVED, RESERVED_BLOCKS } from './reserved.ts'

/** An address that a feed must not have: one of a host of the inventory, or of the controller. */
export interface Own {
  readonly name: string
  readonly address: string
}

/** What a text of a feed is judged by. */
export interface Surroundings {
  readonly own: readonly Own[]
  /** How many lines the list in force has. */
  readonly before?: number
}

export interface Judged {
  /** Exactly its addresses, but for those that its `allow` takes out and those that are nobody's on the internet. */
  readonly spans: Spans
  /** Lines with a network on them. */
  readonly entries: number
  readonly wrong: readonly Finding[]
}

/** Lines of the earlier list from which on it is odd to lose half of them. */
const MANY = 50
const HALF = 0.5
/** Prefixes shorter than these are more than anybody was ever given. */
const WIDEST = { 4: 2 ** (32 - 6), 6: 1n << 116n } as const
const HALF_OF_ALL = { 4: 2 ** 31, 6: 1n << 124n } as const
/** Of each kind. */
const TOLD = 5

/**
 * Whether a text is what a feed may say: nothing of it counts where something is wrong. What somebody put in `allow` is
 * taken out before anything is held against the rest.
 */
export function judgeFeed(feed: Feed, text: string, file: string, around: Surroundings): Judged {
  const { listed, wrong } = readList(text, file)
  const entries = listed.length
  if (wrong.length > 0) return { spans: unite([]), entries, wrong }
  const allowed = spansOf(feed.allow)
  const spans = takeOut(allowed, unite(listed))
  const amount = findAmount(feed, entries, around.before, file)
  const lines = findLines({ listed, spans, allowed, feed, file, own: around.own })
  return { spans: takeOut(RESERVED, spans), entries, wrong: [...amount, ...lines] }
}

function findAmount(feed: Feed, entries: number, before: number | undefined, file: string): Finding[] {
  if (entries === 0) return [finding('feed-empty', {}, { file })]
  const { minEntries, maxEntries } = feed
  if (entries > maxEntries) return [finding('feed-too-many', { entries, maxEntries }, { file })]
  if (minEntries !== undefined)
    return entries < minEntries ? [finding('feed-too-few', { entries, minEntries }, { file })] : []
  if (before === undefined || before < MANY || entries >= before * HALF) return []
  return [finding('feed-shrunk', { entries, before }, { file })]
}

interface Question {
  readonly listed: readonly Listed[]
  readonly spans: Spans
  readonly allowed: Spans
  readonly feed: Feed
  readonly file: string
  readonly own: readonly Own[]
}

function findLines(question: Question): Finding[] {
  const wide = findWide(question)
  if (wide.length > 0) return wide
  const left = takeOut(RESERVED, question.spans)
  const isHalf = sumOf4(left[4]) >= HALF_OF_ALL[4] || sumOf6(left[6]) >= HALF_OF_ALL[6]
  if (isHalf) return [finding('feed-half', {}, { file: question.file })]
  return [...findPrivate(question), ...findOwn(question)]
}

/** Wider than anything that was ever given out, but for what is nobody's anyway. */
function findWide({ listed, allowed, file }: Question): Finding[] {
  return listed
    .filter(isWide)
    .filter(one => !isNothing(takeOut(RESERVED, takeOut(allowed, unite([one])))))
    .slice(0, TOLD)
    .map(({ text, line }) => finding('feed-too-wide', { text }, { file, line }))
}

const isWide = (one: FamilySpan) =>
  one.family === 4 ? one.span.to - one.span.from > WIDEST[4] : one.span.to - one.span.from > WIDEST[6]

/**
 * Lists of bogons name reserved networks as a whole, which is taken out of them; anything narrower, and any of it in
 * another kind of list, is somebody's mistake or somebody's intention.
 */
function findPrivate({ listed, spans, allowed, feed, file }: Question): Finding[] {
  const touching = shared(spans, RESERVED)
  if (isNothing(touching)) return []
  const left = feed.format === 'netset' ? takeOut(wholeBlocks(listed), touching) : touching
  return linesIn(listed, takeOut(allowed, left)).map(({ text, line }) =>
    finding('feed-private', { text, isNetset: feed.format === 'netset' }, { file, line }),
  )
}

/** The reserved networks that some line has the whole of. */
function wholeBlocks(listed: readonly Listed[]): Spans {
  const blocks = RESERVED_BLOCKS.filter(block => {
    const [span] = spansOf([block])[4]
    return span && listed.some(one => one.family === 4 && holds(one.span, span))
  })
  const six = listed.filter(one => one.family === 6 && one.span.to - one.span.from >= 1n << 112n)
  return unite([...spansOf(blocks)[4].map(span => ({ family: 4, span }) as const), ...six])
}

const holds = (outer: Span<number>, inner: Span<number>) => outer.from <= inner.from && inner.to <= outer.to

/** Of what is left: hosts on a private network don't make a list of bogons a bad one. */
function findOwn({ listed, spans, own, file }: Question): Finding[] {
  const touched = takeOut(RESERVED, shared(spans, spansOf(own.map(({ address }) => address))))
  if (isNothing(touched)) return []
  return own
    .filter(({ address }) => !isNothing(shared(touched, spansOf([address]))))
    .slice(0, TOLD)
    .flatMap(({ name, address }) =>
      linesIn(listed, spansOf([address]))
        .slice(0, 1)
        .map(({ text, line }) => finding('feed-own', { text, name, address }, { file, line })),
    )
}

function linesIn(listed: readonly Listed[], spans: Spans): readonly Listed[] {
  const found: Listed[] = []
  for (const one of listed) {
    if (found.length === TOLD) break
    const meets =
      one.family === 4
        ? spans[4].some(({ from, to }) => from < one.span.to && one.span.from < to)
        : spans[6].some(({ from, to }) => from < one.span.to && one.span.from < to)
    if (meets) found.push(one)
  }
  return found
}

const sumOf4 = (spans: readonly Span<number>[]) => spans.reduce((sum, { from, to }) => sum + to - from, 0)
const sumOf6 = (spans: readonly Span<bigint>[]) => spans.reduce((sum, { from, to }) => sum + to - from, 0n)

const finding = (code: string, args: Finding['args'], at: Place): Finding => ({
  code,
  severity: 'error',
  args,
  at,
})
