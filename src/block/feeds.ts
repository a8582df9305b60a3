import pLimit from 'p-limit'
import { differenceOf, type HostList } from '../feeds/lists.ts'
import { type BlockOrder, sendBlocks } from '../host/block.ts'
import type { BlockAnswer } from '../host/block-answer.ts'
import { type FeedAnswer, sendFeeds } from '../host/feeds.ts'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { type Part, sendInPart } from './part.ts'

/** What hosts are to have of all feeds, with what is known of the lists that they may have. One for all that are alike. */
export interface FeedGoal {
  readonly list: HostList
  /** Epoch milliseconds: a host that has heard of a later list keeps that one. */
  readonly at: number
  /** What makes an earlier list this one, by the earlier one's hash; nothing where it isn't known here any more. */
  readonly from: (hash: string) => Promise<string | undefined>
  /** The earlier list that most hosts have. */
  readonly last?: string
  /** Whole lists are on their way to few hosts at once. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
}

/** What a host is told: blocks, and feeds where there is something to say of them. */
export interface Order extends BlockOrder {
  readonly part?: Part
  readonly feeds?: FeedGoal
}

export interface Answer extends BlockAnswer {
  readonly feeds?: FeedAnswer
}

/** Bytes of whole lists that are on their way at once, each held three times over. */
const ON_THEIR_WAY = 16 * 1024 * 1024

/** A difference is made once, for however many hosts. */
export function makeGoal(
  list: HostList,
  at: number,
  read: (hash: string) => Promise<string | undefined>,
  last?: string,
): FeedGoal {
  const made = new Map<string, Promise<string | undefined>>()
  const make = async (hash: string) => {
    const text = await read(hash)
    return text === undefined ? undefined : differenceOf(text, list.text)
  }
  const from = (hash: string) => {
    const known = made.get(hash) ?? make(hash)
    made.set(hash, known)
    return known
  }
  const turn = pLimit(Math.max(1, Math.floor(ON_THEIR_WAY / (list.text.length + 1))))
  return { list, at, from, turn, ...(last === undefined ? {} : { last }) }
}

/** Blocks first: they make the place from which feeds are looked at. */
export async function sendOrder(session: Session, order: Order): Promise<Answer> {
  const { part, ...all } = order
  const answer = await (part ? sendInPart(session, all, part) : sendBlocks(session, all))
  if (!order.feeds) return answer
  const feeds = await bringFeeds(session, order.feeds, order.now)
  if (feeds.isStored) return { ...answer, feeds }
  return { ...answer, feeds, isPersisted: false, why: 'storage' }
}

/** What a host without any list has, in its own word. */
const NONE = 'none'

/**
 * Brings a host's feeds in line: by what differs where its list is known here, otherwise whole. Errors: `feeds-held`
 * (a feed has no list here, and the host has one from elsewhere that may have it), sendFeeds's.
 */
async function bringFeeds(session: Session, goal: FeedGoal, now: number): Promise<FeedAnswer> {
  const { list, at } = goal
  const send = ({ text, base }: Sent) =>
    base === undefined
      ? goal.turn(() => sendFeeds(session, { now, at, hash: list.hash, text }))
      : sendFeeds(session, { now, at, hash: list.hash, text, base })
  const guess = goal.last ?? (list.lacks.length > 0 ? NONE : undefined)
  const first = await send(await bestFor(goal, guess))
  if (first.did !== 'other') return first
  const isKnown = first.hash === NONE || (await goal.from(first.hash)) !== undefined
  if (list.lacks.length > 0 && !isKnown)
    throw new FleetError('feeds-held', { feeds: list.lacks }, { hostState: 'unchanged' })
  const second = await send(await bestFor(goal, first.hash === NONE ? undefined : first.hash))
  return second.did === 'other' ? send(list) : second
}

interface Sent {
  readonly text: string
  readonly base?: string
}

/** A difference that is as long as the list itself is no use. */
async function bestFor({ list: { text, hash }, from }: FeedGoal, base: string | undefined): Promise<Sent> {
  if (base === undefined) return { text }
  if (base === NONE || base === hash) return { text: '', base }
  const difference = await from(base)
  return difference === undefined || difference.length >= text.length ? { text } : { text: difference, base }
}
