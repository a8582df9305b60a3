import type { BlockLine } from '../model/block.ts'
import type { Session } from '../session/session.ts'

/** What a host is told to block and to let through, whole: what it has and is not in here stays. */
export interface BlockOrder {
  /** Epoch seconds on the controller's clock: what expiry counts from. */
  readonly now: number
  /** As mergeBlocks makes it. */
  readonly map: readonly BlockLine[]
  /** Networks that no block ever keeps out; the host adds the address that this session comes from. */
  readonly allow: readonly string[]
  /** Addresses that are protected, and may be covered all the same. */
  readonly even: readonly string[]
  /** Also delete the connections that conntrack knows of. */
  readonly kill?: boolean
  /** Change nothing; tell `live` and `refused`. */
  readonly dry?: boolean
  /** Called once, as soon as the block is in force and read back there. */
  readonly onProtected?: () => void
}

/** What stands on a host. */
export interface BlockState {
  /** hashBlocks of the map that the host keeps. */
  readonly hash: string
  /** Addresses that are blocked there. */
  readonly entries: number
  /** The chain and its first place in both families: exactly right, something else, or not there. */
  readonly hook: 'stands' | 'wrong' | 'missing'
  /** The sets hold what the map says. */
  readonly areSetsRight: boolean
  readonly isPersisted: boolean
  /** A word, where it isn't persisted: packages, stale-rules, masked, storage, rehearsal, ... */
  readonly why?: string
  /** Seconds that the host's clock is ahead of the controller's; 0 where it is less than 30. */
  readonly skew: number
}

export interface BlockAnswer extends BlockState {
  /** Whether the chain's place had to be made, under its guard. */
  readonly isHookMade: boolean
  /** Connections that were deleted; undefined where that wasn't asked for, or where there is no conntrack. */
  readonly killed?: number
  /** Addresses that the host blocks, and that the order says nothing of. */
  readonly unknown: readonly string[]
  /** Lines that the host left out: what they cover there, and its address. */
  readonly refused: readonly Refused[]
  /** Of a dry order: connections that exist right now with addresses that it would block. */
  readonly live?: readonly Live[]
}

export interface Refused {
  readonly address: string
  /** client, own, gateway, resolver, loopback, link-local, multicast, unspecified, too-wide */
  readonly what: string
  /** The protected address that it covers. */
  readonly covers: string
}

export interface Live {
  readonly address: string
  readonly connections: number
}

/**
 * Brings a host in line. Not persisted is no error. Errors: `host-busy`, `host-refuses`, `host-storage`, `host-unloadable`,
 * `block-taken-back` (reverted: the hook was made, and the host heard nothing any more), callHost's.
 */
export async function sendBlocks(session: Session, order: BlockOrder): Promise<BlockAnswer> {
  throw new Error(`not yet ${session.connectStart} ${order.now}`)
}

/** Reads what stands; changes nothing, and keeps nothing on a host that was never touched. */
export async function checkBlocks(session: Session, now: number): Promise<BlockState> {
  throw new Error(`not yet ${session.connectStart} ${now}`)
}

/** Once the packages are there: what is blocked holds through a reboot from then on, or `why` says why it doesn't. */
export async function persistBlocks(session: Session, now: number): Promise<BlockState> {
  throw new Error(`not yet ${session.connectStart} ${now}`)
}

/** Takes all of it away: place, chain, sets, files, plugins, timer. */
export async function removeBlocks(session: Session): Promise<void> {
  throw new Error(`not yet ${session.connectStart}`)
}
