import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BlockHost } from '../block/attempt.ts'
import type { Entry } from '../block/entry.ts'
import type { BlockOutcome } from '../block/event.ts'
import { type FeedGoal, type Order, sendOrder } from '../block/feeds.ts'
import { LEDGER } from '../block/ledger.ts'
import { allowOf } from '../block/management.ts'
import { readSpan } from '../block/moment.ts'
import { hostsTold, type Part, partsOf } from '../block/part.ts'
import { pushBlocks } from '../block/push.ts'
import { ownSkew } from '../block/verdict.ts'
import { type Wanted, wantedBy } from '../block/wanted.ts'
import { checkBlocks, persistBlocks } from '../host/block.ts'
import { installPackages } from '../host/packages.ts'
import { selectSince } from '../inventory/select.ts'
import { FleetError } from '../model/error.ts'
import type { Host } from '../model/host.ts'
import type { BlockVoice } from '../report/block-voice.ts'
import type { Pool } from '../session/pool.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { hostsAtOnce, startsAtOnce } from './hosts.ts'
import type { Inputs } from './inputs.ts'
import { openPool } from './pool.ts'
import { listenToSignals, type Signals } from './signals.ts'
import { warn } from './warnings.ts'

/** Beside the inventory: beside the file, or beside the folder, in which Ansible would take it for an inventory. */
export function ledgerOf({ sources }: Pick<Inputs, 'sources'>): string {
  const [first = ''] = sources
  const found = statSync(first, { throwIfNoEntry: false })
  return join(found ? dirname(first) : process.cwd(), LEDGER)
}

/** What each host is to have of a ledger now. A pattern of it that means nobody is warned of, and keeps nothing else back. */
export function wantedOf(inputs: Inputs, entries: readonly Entry[]): (host: string) => Wanted {
  const hostsOf = (limit: string) => {
    try {
      return selectSince(inputs.inventory, limit).map(({ name }) => name)
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      const address = entries.find(entry => entry.limit === limit)?.address ?? ''
      warn({ code: 'block-limit', severity: 'warning', args: { limit, address } })
      return []
    }
  }
  return wantedBy(entries, hostsOf, seconds())
}

export const seconds = () => Math.floor(realClock.wall() / 1000)

/** Milliseconds that a packet may take to a host that is asked the first time: one that is down must not hold up others. */
const FIRST_TRY = 3000
/** Milliseconds that apt may be busy with something else. */
const APT = 120_000

/** Connections for blocks: nearly all of it is waiting, so more at once than for rollouts. */
export function blockPool(inputs: Inputs, flags: Flags, longest: number, signal: AbortSignal): Pool {
  const most = flag(flags, 'forks', 'number') ?? Math.max(100, hostsAtOnce(inputs, flags))
  return openPool({
    hosts: Math.min(most, hostsTold(longest)),
    starts: startsAtOnce(inputs, flags, 50),
    signal,
  })
}

export interface Sending {
  readonly inputs: Inputs
  readonly flags: Flags
  readonly wanted: (host: string) => Wanted
  /** The same without what is new in it. */
  readonly undone?: (host: string) => Wanted
  /** All that the command has changed in the ledger: hosts that have the rest needn't be told it. */
  readonly news?: readonly Entry[]
  readonly voice: Pick<BlockVoice, 'emit'>
  /** Those that are brought in line. */
  readonly hosts: readonly Host[]
  readonly kill?: boolean
  readonly insist?: BlockHost['insist']
  readonly isAsked?: BlockHost['isAsked']
  /** Of a command that listens to them already. */
  readonly signals?: Signals
  readonly feeds?: (host: string) => FeedGoal
}

/** Brings hosts in line with what is wanted, until all are or time is up. Ctrl-C ends it early. */
export async function sendToAll(sending: Sending): Promise<readonly BlockOutcome[]> {
  const { inputs, flags, wanted, voice, hosts } = sending
  const giveUpAfter = giveUpAfterOf(flags)
  const signals = sending.signals ?? listenToSignals(STOPPING)
  const longestOf = (linesOf: (wanted: Wanted) => readonly unknown[]) =>
    hosts.reduce((most, { name }) => Math.max(most, linesOf(wanted(name)).length), 0)
  const part = partsOf(
    sending.news,
    longestOf(({ map }) => map),
  )
  const longest = longestOf(one => part(one)?.lines ?? one.map)
  const pool = blockPool(inputs, flags, longest, signals.cancel)
  try {
    const outcomes = await pushBlocks(
      hosts.map(host => blockHost(host, pool, { ...sending, part })),
      {
        verbs: {
          send: sendOrder,
          check: (session, now) => checkBlocks(session, now, 'brief'),
          persist: persistBlocks,
          install: session => installPackages(session, APT),
        },
        each: pool.each,
        clock: realClock,
        random: Math.random,
        giveUpAfter,
        // The clock of this process began with it: what is counted is what somebody waits.
        began: 0,
        stop: signals.stop,
        emit: voice.emit,
      },
    )
    const skew = ownSkew(outcomes)
    if (skew !== undefined) warn({ code: 'block-own-clock', severity: 'warning', args: { skew } })
    return outcomes
  } finally {
    if (!sending.signals) signals.forget()
  }
}

const STOPPING = '\nStopping: hosts that are being told are waited for. Again to leave at once.\n'

/** Milliseconds. Error: `block-give-up`. */
export function giveUpAfterOf(flags: Flags): number {
  const text = flag(flags, 'give-up-after', 'string') ?? '5m'
  if (text === '0') return 0
  const said = readSpan(text)
  if (typeof said === 'number') return said * 1000
  throw new FleetError('block-give-up', { text })
}

interface Telling extends Omit<Sending, 'voice' | 'hosts' | 'news'> {
  readonly part?: (wanted: Wanted) => Part | undefined
}

export function blockHost(
  host: Host,
  pool: Pool,
  { inputs, flags, wanted, undone, part, kill, feeds, insist, isAsked }: Telling,
): BlockHost {
  const connection = inputs.connections.get(host.name) ?? inputs.reach(host.name)
  const given = flag(flags, 'connect-timeout', 'number') !== undefined
  const first = given
    ? connection
    : { ...connection, connectTimeout: Math.min(FIRST_TRY, connection.connectTimeout) }
  return {
    host: host.name,
    connect: (login, signal) => {
      if (login === 'proof') return pool.ahead(first)(signal)
      return pool.connector(login === 'first' ? first : connection)(signal)
    },
    order: () => ({
      ...orderOf(host, wanted(host.name), part?.(wanted(host.name))),
      ...(kill ? { kill } : {}),
      ...(feeds ? { feeds: feeds(host.name) } : {}),
    }),
    ...(insist ? { insist } : {}),
    ...(isAsked ? { isAsked } : {}),
    ...(undone ? { undo: () => orderOf(host, undone(host.name)) } : {}),
  }
}

function orderOf(host: Host, { map, even }: Wanted, part?: Part): Order {
  return { now: seconds(), map, even, allow: allowOf(host, even), ...(part ? { part } : {}) }
}
