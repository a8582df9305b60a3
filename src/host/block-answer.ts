import { isIP } from 'node:net'
import { parseNetworks } from '../address/network.ts'
import { FleetError } from '../model/error.ts'
import type { Reply } from './call.ts'
import type { HostFeeds } from './observation.ts'
import { readFacts } from './pieces.ts'

/** What stands on a host. */
export interface BlockState {
  /** hashBlocks of the map that the host keeps. */
  readonly hash: string
  /** Addresses that are blocked there. */
  readonly entries: number
  /** The chain and its first place in both families: exactly right, something else, not there, or nobody can tell. */
  readonly hook: 'stands' | 'wrong' | 'missing' | 'unreadable'
  /** The sets hold what the map says. */
  readonly areSetsRight: boolean
  readonly isPersisted: boolean
  /** A word, where it isn't persisted: packages, stale-rules, masked, storage, rehearsal, ... */
  readonly why?: string
  /** Seconds that the host's clock is ahead of the controller's; 0 where it is less than 30. */
  readonly skew: number
  /** The lists of others that it keeps, where it was asked what stands and has any. */
  readonly keeps?: HostFeeds
}

export interface BlockAnswer extends BlockState {
  /** Whether the chain's place had to be made, under its guard. */
  readonly isHookMade: boolean
  /** How many words of the order the host had not heard before. */
  readonly lacked: number
  /** Where it sees this session come from, which no block keeps out. */
  readonly client?: string
  /** Connections that were deleted; undefined where that wasn't asked for, or where there is no conntrack. */
  readonly killed?: number
  /** Addresses that the host blocks, and that the order says nothing of. */
  readonly unknown: readonly string[]
  /** Of lines that the host has heard a later word on than the order's, which therefore holds: when that was said. */
  readonly later: readonly Later[]
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

export interface Later {
  readonly address: string
  /** Epoch milliseconds. */
  readonly at: number
}

export interface Live {
  readonly address: string
  readonly connections: number
}

const HOOKS: Readonly<Record<string, BlockState['hook']>> = {
  stands: 'stands',
  stood: 'stands',
  made: 'stands',
  wrong: 'wrong',
  missing: 'missing',
}
const RIGHT: ReadonlySet<string> = new Set(['right', 'stood', 'changed', 'rebuilt'])

export function readState(reply: Reply): BlockState {
  const facts = readFacts(reply.pieces.get('blocked'))
  const one = (key: string) => facts.get(key)?.[0] ?? ''
  const why = one('why')
  return {
    hash: one('hash'),
    entries: numberIn(one('entries')),
    hook: HOOKS[one('hook')] ?? 'unreadable',
    areSetsRight: RIGHT.has(one('sets')),
    isPersisted: one('persisted') === 'yes',
    ...(why === '' ? {} : { why }),
    skew: numberIn(one('skew')),
    ...(facts.has('feeds') ? { keeps: readFeeds(one('feeds')) } : {}),
  }
}

/** `AT HASH` */
export function readFeeds(text: string): HostFeeds {
  const [at, hash = ''] = text.split(' ')
  return { hash, at: Number(at) }
}

/** A host may say what it likes; a number is one. */
const numberIn = (text = '') => (/^-?\d{1,12}$/.test(text) ? Number(text) : 0)

export function readAnswer(reply: Reply, now: number): BlockAnswer {
  const facts = readFacts(reply.pieces.get('blocked'))
  const [killed, client = ''] = [facts.get('killed')?.[0], facts.get('client')?.[0]]
  return {
    ...readState(reply),
    isHookMade: facts.get('hook')?.[0] === 'made',
    lacked: numberIn(facts.get('lacked')?.[0]),
    ...(isIP(client) === 0 ? {} : { client }),
    ...(killed === undefined ? {} : { killed: numberIn(killed) }),
    unknown: facts.get('unknown') ?? [],
    later: (facts.get('later') ?? []).map(text => readLater(text, reply, now)),
    refused: readRefused(reply.pieces.get('refused')),
    ...(reply.pieces.has('live') ? { live: readLive(reply.pieces.get('live')) } : {}),
  }
}

/** Seconds: no clock is ahead by more. The ledger takes what is said here for true, and has no words for the year 10000. */
const AHEAD = 10 * 365 * 86_400

/** `ADDRESS AT` */
function readLater(text: string, { code }: Reply, now: number): Later {
  const [, address = '', at = ''] = /^(\S+) (\d{1,15})$/.exec(text) ?? []
  if (address !== '' && Number(at) <= (now + AHEAD) * 1000) return { address, at: Number(at) }
  throw new FleetError(
    'host-answer-unreadable',
    { verb: 'block', code, stderr: '' },
    { hostState: 'unknown' },
  )
}

/** `ADDRESS CONNECTIONS` */
const readLive = (piece = ''): readonly Live[] =>
  piece
    .split('\n')
    .map(line => line.split(' '))
    .flatMap(([address, connections]) =>
      address && connections ? [{ address, connections: numberIn(connections) }] : [],
    )

/** `ADDRESS WHAT COVERED` */
export const readRefused = (piece = ''): readonly Refused[] =>
  piece
    .split('\n')
    .map(line => line.split(' '))
    .flatMap(([address, what, covers]) =>
      address && what && covers ? [{ address, what, covers: asWritten(covers) }] : [],
    )

/** As people write it: a host's kernel knows no zeros to leave out. */
const asWritten = (address: string): string =>
  isIP(address) === 6 ? (parseNetworks(address).cidrs[0]?.replace(/\/128$/, '') ?? address) : address
