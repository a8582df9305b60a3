import { type BlockLine, hashBlocks, printBlocks } from '../model/block.ts'
import { FleetError } from '../model/error.ts'
import { type LateAnswer, type Session, secondsToSend } from '../session/session.ts'
import { type BlockAnswer, type BlockState, readAnswer, readRefused, readState } from './block-answer.ts'
import { callHost, EXIT, type Reply, readHost, stopOf } from './call.ts'
import { blockProgram } from './program.ts'

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
  /** Not all that the host is to have: what it blocks beside it isn't told. */
  readonly isPart?: boolean
  /** Called once, as soon as the block is in force and read back there. */
  readonly onProtected?: () => void
}

/**
 * Brings a host in line. Not persisted is no error. Errors: `block-refused` (why lacks: the package step helps),
 * `block-unloadable`, `block-storage`, `block-busy`, `block-taken-back` (reverted: the hook was made, and the controller's
 * word didn't come through any more), callHost's.
 */
export async function sendBlocks(session: Session, order: BlockOrder): Promise<BlockAnswer> {
  const { kill, dry, isPart } = order
  const flags = [kill && 'kill', dry && 'dry', isPart && 'part'].filter(Boolean).join(',')
  const reply = await callHost(session, {
    verb: 'block',
    args: [String(order.now), flags, hashBlocks(order.map), ...timeToSend(order)],
    program: order.dry ? inPassing() : blockProgram(),
    talk: marker => ({ stdin: printOrder(order, marker), answer: answerHook(marker, order.onProtected) }),
    timeout: BLOCK_TIMEOUT,
  })
  if (reply.code !== EXIT.done && reply.code !== EXIT.notPersisted) throw blockError(reply)
  return readAnswer(reply, order.now)
}

/** Of an order that doesn't come with its call. */
function timeToSend({ map }: BlockOrder): readonly string[] {
  const bytes = printed(map).length
  return bytes < AT_ONCE ? [] : [String(secondsToSend(BLOCK_TIMEOUT, bytes))]
}

/** Bytes. */
const AT_ONCE = 16 * 1024

/** What only asks leaves nothing on a disk. */
const inPassing = () => ({ ...blockProgram(), places: ['/run/fleet'] })

/** Milliseconds: 20 s for whoever is at it before, 15 s for the word, and the packages' rehearsal. */
const BLOCK_TIMEOUT = 120_000

function printOrder({ allow, even, map }: BlockOrder, marker: string): Uint8Array {
  const part = (name: string, text: string) => `@@${marker} ${name}\n${text}`
  const lines = (words: readonly string[]) => words.map(word => `${word}\n`).join('')
  const head = `${part('even', lines(even))}${part('allow', lines(allow))}${part('map', '')}`
  return Buffer.concat([Buffer.from(head), printed(map), Buffer.from(`@@${marker} end\n${FILLING}`)])
}

/** Printed once: a long map goes to many hosts. */
function printed(map: readonly BlockLine[]): Uint8Array {
  const known = PRINTED.get(map)
  if (known) return known
  const bytes = Buffer.concat(Array.from(printBlocks(map), piece => Buffer.from(piece, 'latin1')))
  PRINTED.set(map, bytes)
  return bytes
}

const PRINTED = new WeakMap<readonly BlockLine[], Uint8Array>()

/** mawk waits for a whole buffer of a standard input that stays open. */
const FILLING = `${' '.repeat(4095)}\n`

/** That the word comes through is what keeps the hook. */
const answerHook = (marker: string, onProtected: (() => void) | undefined): LateAnswer => ({
  to: `@@${marker} hooked`,
  with: 'yes\n',
  heard: line => {
    if (line === `@@${marker} protected`) onProtected?.()
  },
})

export function blockError(reply: Reply): FleetError {
  const { why, detail } = stopOf(reply)
  switch (reply.code) {
    case EXIT.rolledBack:
      return new FleetError('block-taken-back', {}, { hostState: 'reverted' })
    case EXIT.busy:
      return new FleetError('block-busy', { by: detail }, { hostState: 'refused' })
    case EXIT.storage:
      return new FleetError('block-storage', { place: detail }, { hostState: 'failed' })
    case EXIT.unloadable:
      return new FleetError('block-unloadable', { why, detail }, { hostState: 'failed' })
    default: {
      const covers = readRefused(reply.pieces.get('refused')).map(
        ({ address, what, covers }) => `${address} ${what} ${covers}`,
      )
      return new FleetError('block-refused', { why, detail, covers }, { hostState: 'refused' })
    }
  }
}

/**
 * Reads what stands; changes nothing, and keeps nothing on a host that was never touched. `brief`: hook and sets alone,
 * and sets that were filled from a long order just now are only counted.
 */
export async function checkBlocks(session: Session, now: number, brief?: 'brief'): Promise<BlockState> {
  const args = [String(now), ...(brief ? [brief] : [])]
  const timeout = brief ? BRIEF_TIMEOUT : 60_000
  const call = { verb: 'block-check', args, program: blockProgram(), timeout }
  const reply = await readHost(session, call)
  if (reply.code !== EXIT.done) throw blockError(reply)
  return readState(reply)
}

/** Milliseconds that a host which goes ahead may hold up all others, once it has let somebody in. */
const BRIEF_TIMEOUT = 10_000

/** Once the packages are there: what is blocked holds through a reboot from then on, or `why` says why it doesn't. */
export async function persistBlocks(session: Session, now: number): Promise<BlockState> {
  const call = { verb: 'block-persist', args: [String(now)], program: blockProgram(), timeout: BLOCK_TIMEOUT }
  const reply = await callHost(session, call)
  if (reply.code !== EXIT.done && reply.code !== EXIT.notPersisted) throw blockError(reply)
  return readState(reply)
}

/** Takes all of it away: place, chain, sets, files, plugins, timer. */
export async function removeBlocks(session: Session): Promise<void> {
  const reply = await callHost(session, {
    verb: 'block-remove',
    program: blockProgram(),
    timeout: BLOCK_TIMEOUT,
  })
  if (reply.code !== EXIT.done) throw blockError(reply)
}
