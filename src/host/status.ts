import { FleetError } from '../model/error.ts'
import type { Session } from '../session/session.ts'
import { EXIT, readHost, stopOf } from './call.ts'
import { type Meta, readMeta } from './meta.ts'
import type { HostBlocks } from './observation.ts'
import { isTouched, readBlocks, readLock, readUp } from './observe.ts'
import { type Pieces, readFacts } from './pieces.ts'
import { readWhy, type Saved } from './saved.ts'

/** What stands on a host of fleet's: its guard, its generation and its last change. */
export interface HostStatus {
  readonly bootId: string
  /** Milliseconds since it was booted. */
  readonly up: number
  /** A change was once handed to it. */
  readonly isTouched: boolean
  /** Undefined where fleet never confirmed one, or was removed. */
  readonly generation: StatusGeneration | undefined
  /** Where it is told to block something. */
  readonly blocks?: HostBlocks
  /** A change is being handed to it. */
  readonly isArming: boolean
  /** The change that holds the host, where one does. */
  readonly guard: (Transaction & { readonly alive: boolean }) | undefined
  /** One that is confirmed and not on the disk, while another change holds the host. */
  readonly unstored: Transaction | undefined
  /** The change that was armed last since the host booted. */
  readonly last: Transaction | undefined
  /** Of the change that was asked about. */
  readonly inForce?: LiveRules
}

/** Whose rules are in force. */
export interface LiveRules {
  /** The host was once armed with the change. */
  readonly isArmed: boolean
  /** They are those of the generation that boots, sets as well. */
  readonly areCurrent: boolean
  /** They are those of before the change. */
  readonly areBefore: boolean
}

export interface StatusGeneration extends Meta {
  readonly number: number
  /** The newest one, where that isn't it. */
  readonly newer?: number
  readonly whole: boolean
  readonly linked: boolean
  readonly plugins: boolean
  readonly enabled: boolean
}

export interface Transaction {
  readonly nonce: string
  readonly run: string
  readonly who: string
  readonly since: string
  /** `APPLIED`; '' where it can't be read. */
  readonly state: string
  /** `deadline`: why it rolled back or disarmed; '' for other states. */
  readonly why: string
  /** Of one that rolled back. */
  readonly saved?: Saved
  /** Milliseconds until the guard decides by itself: while it is armed, applying or applied. */
  readonly left?: number
  readonly isRemoval: boolean
}

/**
 * Reads what stands on a host, in one exec, and writes nothing there; its live rules only where a change is asked about.
 * Errors: `not-root`, `host-refuses`, readHost's.
 */
export async function readStatus(session: Session, nonce?: string): Promise<HostStatus> {
  const args = nonce === undefined ? [] : [nonce]
  const reply = await readHost(session, { verb: 'report', args, timeout: 60_000 })
  if (reply.code === EXIT.done) return statusOf(reply.pieces)
  const { why, detail } = stopOf(reply)
  throw new FleetError('host-refuses', { why, detail }, { hostState: 'failed' })
}

function statusOf(pieces: Pieces): HostStatus {
  const facts = readFacts(pieces.get('facts'))
  const uptime = Number(facts.get('uptime_cs')?.[0] ?? 0)
  const alive = readLock(pieces.get('guard'))?.alive ?? false
  const guard = readTransaction(pieces.get('guard'), uptime)
  return {
    bootId: facts.get('boot_id')?.[0] ?? '',
    up: readUp(facts),
    isTouched: isTouched(pieces),
    isArming: pieces.has('arming'),
    generation: readGeneration(pieces),
    ...readBlocks(pieces),
    guard: guard && { ...guard, alive },
    unstored: readTransaction(pieces.get('unstored'), uptime),
    last: readTransaction(pieces.get('last'), uptime),
    ...readInForce(pieces.get('in-force')),
  }
}

function readInForce(piece: string | undefined): Pick<HostStatus, 'inForce'> {
  if (piece === undefined) return {}
  const facts = readFacts(piece)
  const yes = (key: string) => facts.get(key)?.[0] === 'yes'
  return { inForce: { isArmed: yes('armed'), areCurrent: yes('current'), areBefore: yes('before') } }
}

function readGeneration(pieces: Pieces): StatusGeneration | undefined {
  const facts = readFacts(pieces.get('generation'))
  const yes = (key: string) => facts.get(key)?.[0] === 'yes'
  const number = Number(facts.get('number')?.[0] ?? 0)
  const newest = Number(facts.get('newest')?.[0] ?? 0)
  if (number === 0) return undefined
  const meta = readMeta(pieces.get('generation-meta') ?? '')
  const flags = {
    whole: yes('whole'),
    linked: yes('linked'),
    plugins: yes('plugins'),
    enabled: yes('enabled'),
  }
  return { number, ...(newest > number ? { newer: newest } : {}), ...meta, ...flags }
}

function readTransaction(piece: string | undefined, uptime: number): Transaction | undefined {
  const facts = readFacts(piece)
  const one = (key: string) => facts.get(key)?.[0] ?? ''
  if (piece === undefined || !facts.has('state')) return undefined
  const [state = '', ...rest] = one('state').split('-')
  const timed = TIMED.has(state)
  return {
    nonce: one('nonce'),
    run: one('run'),
    who: one('who'),
    since: one('since'),
    state,
    ...readWhy(EXPLAINED.has(state) ? rest.join('-') : ''),
    ...(timed ? { left: (Number(rest[0] ?? 0) - uptime) * 10 } : {}),
    isRemoval: one('removes') === 'yes',
  }
}

/** States whose file says the uptime, in hundredths of a second, at which the guard goes on by itself. */
const TIMED: ReadonlySet<string> = new Set(['ARMED', 'APPLYING', 'APPLIED'])
const EXPLAINED: ReadonlySet<string> = new Set(['DISARMED', 'ROLLING_BACK', 'ROLLED_BACK', 'STUCK'])
