import { FleetError } from '../model/error.ts'
import { type Session, secondsToSend } from '../session/session.ts'
import { blockError } from './block.ts'
import { callHost, EXIT, type Reply } from './call.ts'
import { readFacts } from './pieces.ts'
import { blockProgram } from './program.ts'

/** What a host is to have of the lists of others, all together. */
export interface FeedOrder {
  /** Epoch seconds on the controller's clock. */
  readonly now: number
  /** Epoch milliseconds: a host that has heard of a later list keeps that one. */
  readonly at: number
  /** sha256 of the whole new list. */
  readonly hash: string
  /** The hash of the list that `text` is the difference to; the whole list where nothing is said. */
  readonly base?: string
  readonly text: string
}

export interface FeedAnswer {
  /** `newer`: the host keeps a later one. `other`: it hasn't the list that the difference begins with, but `hash`. */
  readonly did: 'stood' | 'changed' | 'newer' | 'other'
  /** Of the list that the host has now; `none` where it has none. */
  readonly hash: string
  /** The sets hold it, and a boot would bring the one before. */
  readonly isStored: boolean
}

/** A million networks on a slow host. */
const TIMEOUT = 120_000

/**
 * Replaces a host's lists of others as a whole: there is no moment without the one or the other. The host needs its hook
 * (sendBlocks makes it). Errors: `feeds-refused` (what it is or lives by), `block-refused` (why no-hook, lacks), `block-unloadable`, `block-storage`,
 * `block-busy`, callHost's.
 */
export async function sendFeeds(session: Session, order: FeedOrder): Promise<FeedAnswer> {
  const seconds = secondsToSend(TIMEOUT, order.text.length)
  const reply = await callHost(session, {
    verb: 'feeds',
    args: [String(order.now), String(order.at), order.hash, order.base ?? 'whole', String(seconds)],
    files: { list: order.text },
    program: blockProgram(),
    timeout: TIMEOUT,
  })
  const known: readonly number[] = [EXIT.done, EXIT.notPersisted, EXIT.changed]
  if (!known.includes(reply.code)) throw feedError(reply)
  const facts = readFacts(reply.pieces.get('feeds'))
  const one = (key: string) => facts.get(key)?.[0] ?? ''
  const did = DID.find(word => word === one('did')) ?? 'other'
  return { did, hash: one('hash'), isStored: reply.code !== EXIT.notPersisted }
}

/** A feed that covers what a host lives by is another matter than an address that somebody typed. */
function feedError(reply: Reply): FleetError {
  const error = blockError(reply)
  if (error.code !== 'block-refused' || error.args.why !== 'protected') return error
  return new FleetError('feeds-refused', { covers: error.args.covers ?? [] }, { hostState: 'refused' })
}

const DID = ['stood', 'changed', 'newer', 'other'] as const
