import pLimit from 'p-limit'
import { type BlockOrder, sendBlocks } from '../host/block.ts'
import type { BlockAnswer } from '../host/block-answer.ts'
import { type BlockLine, hashBlocks } from '../model/block.ts'
import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import type { Entry } from './entry.ts'
import { meantBy, type Wanted } from './wanted.ts'

/** What is new in a long map, for hosts that have all else of it. */
export interface Part {
  readonly lines: readonly BlockLine[]
  /** Whole maps are on their way to few hosts at once. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
}

/** Lines of a map that are sent whole in any case: to say what differs would save nothing. */
const SHORT = 2000

/** The lines of a map that these entries are about; undefined where it is as well to send all of it. */
export function linesAbout(
  map: readonly BlockLine[],
  entries: readonly Entry[],
): readonly BlockLine[] | undefined {
  if (map.length <= SHORT || entries.length * 2 > map.length) return undefined
  const isMeant = meantBy(entries)
  const lines = map.filter(({ address }) => isMeant(address))
  return lines.length * 2 > map.length ? undefined : lines
}

/** Bytes of orders that are on their way at once, each held three times over. */
const ON_THEIR_WAY = 8 * 1024 * 1024

/** Hosts that are told so many lines at once. */
export const hostsTold = (lines: number): number =>
  Math.max(1, Math.floor(ON_THEIR_WAY / Math.max(1, lines * 45)))

/** What is new to hosts where these entries are all that a command has changed; nothing where it doesn't say. */
export function partsOf(
  news: readonly Entry[] | undefined,
  longest: number,
): (wanted: Wanted) => Part | undefined {
  if (!news) return () => undefined
  const turn = pLimit(hostsTold(longest))
  const known = new WeakMap<Wanted, { readonly lines: readonly BlockLine[] | undefined }>()
  return wanted => {
    const { lines } = known.get(wanted) ?? { lines: linesAbout(wanted.map, news) }
    known.set(wanted, { lines })
    return lines && { lines, turn }
  }
}

/**
 * Brings a host in line with a long map. It joins what is new to what it has, and says what that comes to: the whole
 * map, or it is sent that. What it kept isn't asked for before: the new lines are in force at once on any host, and
 * whatever else has been told to it meanwhile. Errors: sendBlocks's.
 */
export async function sendInPart(session: Session, order: BlockOrder, part: Part): Promise<BlockAnswer> {
  const first = await sendBlocks(session, { ...order, map: part.lines, isPart: true }).catch(wholeInstead)
  if (first?.hash === hashBlocks(order.map)) return first
  const whole = await part.turn(() => sendBlocks(session, order))
  return first ? { ...whole, ...together(first, whole) } : whole
}

/** Where the host has nothing to join it to, or takes nothing of what is new: it may take what else is in the map. */
function wholeInstead(error: unknown): undefined {
  const why = error instanceof FleetError && error.code === 'block-refused' ? error.args.why : undefined
  if (why !== 'part' && why !== 'protected') throw error
}

const together = (first: BlockAnswer, second: BlockAnswer) => ({
  isHookMade: first.isHookMade || second.isHookMade,
  lacked: first.lacked + second.lacked,
  ...(first.killed === undefined ? {} : { killed: first.killed + (second.killed ?? 0) }),
})
