import { FleetError } from '../model/error.ts'
import type { PerFamily } from '../model/family.ts'
import { type Session, secondsToSend } from '../session/session.ts'
import { callHost, EXIT, type Reply, stopOf } from './call.ts'
import { readLock } from './observe.ts'
import { readFacts } from './pieces.ts'
import { readWhy, type Saved } from './saved.ts'

/** From which rules to which, and back: texts that the guard runs and compares, and understands nothing of. */
export interface Passage {
  /** The generation on the host now, and the one that this makes. */
  readonly base: number
  readonly generation: number
  readonly now: PerFamily<string>
  readonly want: PerFamily<string>
  readonly do: PerFamily<string>
  readonly undo: PerFamily<string>
  /** `ipset restore` texts of the sets that the wanted rules and those of now refer to. */
  readonly sets: string
  readonly setsNow: string
  /** It ends with what stood before fleet, and `generation` is 0. */
  readonly removes?: boolean
}

/** What the guard is given. */
export interface Transaction extends Passage {
  /** 128 bits as hex, of this run and host alone. */
  readonly nonce: string
  readonly run: string
  readonly who: string
  readonly since: string
  /** Milliseconds from apply to rollback. */
  readonly confirmTimeout: number
  /** meta.json of the new generation. */
  readonly meta: string
}

export interface Armed {
  /** Milliseconds that loading `do` took in the rehearsal. */
  readonly loadTime: number
  /** The session could not be found: somebody must say `go` over a fresh connection. */
  readonly needsGo: boolean
}

/** Errors: `host-busy` with who and since, `host-changed`, `host-unloadable`, `host-storage`, `host-refuses`, callHost's. */
export async function arm(session: Session, transaction: Transaction): Promise<Armed> {
  const files = transactionFiles(transaction)
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const seconds = String(secondsToSend(ARM_TIMEOUT, bytes))
  const args = [transaction.nonce, seconds, ...(transaction.removes ? ['removal'] : [])]
  const reply = await callHost(session, { verb: 'arm', files, args, timeout: ARM_TIMEOUT })
  if (reply.code !== EXIT.done && reply.code !== EXIT.needsGo) throw armError(reply)
  const loadTime = Number(readFacts(reply.pieces.get('armed')).get('load_cs')?.[0] ?? 0) * 10
  return { loadTime, needsGo: reply.code === EXIT.needsGo }
}

function transactionFiles(t: Transaction): Record<string, string> {
  const meta = {
    nonce: t.nonce,
    run: t.run,
    who: t.who,
    since: t.since,
    confirm_cs: Math.round(t.confirmTimeout / 10),
    base: t.base,
    generation: t.generation,
    ...(t.removes ? { removes: 'yes' } : {}),
  }
  const both = (name: string, texts: PerFamily<string>) => ({
    [`${name}.4`]: texts[4],
    [`${name}.6`]: texts[6],
  })
  return {
    meta: Object.entries(meta)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    ...both('now', t.now),
    ...both('want', t.want),
    ...both('do', t.do),
    ...both('undo', t.undo),
    sets: t.sets,
    'sets.now': t.setsNow,
    'meta.json': t.meta,
  }
}

function armError(reply: Reply): FleetError {
  const { why, detail } = stopOf(reply)
  const refused = (code: string, args: Record<string, string>) =>
    new FleetError(code, args, { hostState: 'refused' })
  switch (reply.code) {
    case EXIT.busy: {
      const lock = readLock(reply.pieces.get('owner'))
      return refused('host-busy', { who: lock?.who ?? '', since: lock?.since ?? '', run: lock?.run ?? '' })
    }
    case EXIT.changed:
      return refused('host-changed', { what: why })
    case EXIT.unloadable:
      return refused('host-unloadable', { detail })
    case EXIT.storage:
      return refused('host-storage', { place: detail })
    default:
      return refused('host-refuses', { why, detail })
  }
}

/** What the guard's state file says; `APPLIED` alone can be confirmed. */
export interface GuardState {
  readonly name: string
  /** What follows the name: why it rolled back, or times. */
  readonly why: string
  /** Of one that rolled back. */
  readonly saved?: Saved
  readonly bootId: string
  /** Milliseconds, on the host's own clock, since the rules came into force; of `APPLIED` only. */
  readonly age?: number
  /** Milliseconds until it rolls back; of `APPLIED` only. */
  readonly left?: number
  /** Milliseconds, on the same clock, since the session that asks began; of `APPLIED` only, and where the host knows it. */
  readonly sessionAge?: number
}

const AWAIT_TIMEOUT = 45_000
const ARM_TIMEOUT = 120_000

/** Waits on the host until the guard has applied or failed. Errors: `host-unknown-nonce`, callHost's. */
export const awaitApplied = (session: Session, nonce: string) => stateAfter(session, 'await', nonce)

/** Asks for the rollback and waits for it. */
export const askRollback = (session: Session, nonce: string) => stateAfter(session, 'rollback', nonce)

export const readState = (session: Session, nonce: string) => stateAfter(session, 'status', nonce)

async function stateAfter(session: Session, verb: string, nonce: string): Promise<GuardState> {
  return stateOf(await call(session, verb, [nonce]))
}

function stateOf(reply: Reply): GuardState {
  if (reply.code === EXIT.unknownNonce)
    throw new FleetError('host-unknown-nonce', {}, { hostState: 'unknown' })
  const facts = readFacts(reply.pieces.get('state'))
  const one = (key: string) => facts.get(key)?.[0]
  const [name = '', ...why] = (one('state') ?? '').split('-')
  const number = (key: string, name: 'age' | 'left' | 'sessionAge') =>
    one(key) === undefined ? {} : { [name]: Number(one(key)) }
  return {
    name,
    ...readWhy(why.join('-')),
    bootId: one('boot_id') ?? '',
    ...number('age_ms', 'age'),
    ...number('left_ms', 'left'),
    ...number('session_ms', 'sessionAge'),
  }
}

export async function go(session: Session, nonce: string): Promise<void> {
  await call(session, 'go', [nonce])
}

export type Confirmation =
  | { readonly is: 'persisted'; readonly generation: number; readonly isInForce: boolean }
  | { readonly is: 'not persisted'; readonly detail: string }
  | { readonly is: 'changed' }
  | { readonly is: 'not confirmed'; readonly state: GuardState }

/** Confirms what is applied, and makes it permanent. Errors: `host-unknown-nonce` (also after a reboot), callHost's. */
export async function confirm(session: Session, nonce: string, bootId: string): Promise<Confirmation> {
  const reply = await call(session, 'confirm', [nonce, bootId])
  const persisted = reply.pieces.get('persisted')
  switch (reply.code) {
    case EXIT.done:
      if (persisted === undefined) return { is: 'not confirmed', state: stateOf(reply) }
      return persistedOf(readFacts(persisted))
    case EXIT.notPersisted:
      return { is: 'not persisted', detail: stopOf(reply).detail }
    case EXIT.changed:
      return { is: 'changed' }
    default:
      return { is: 'not confirmed', state: stateOf(reply) }
  }
}

const persistedOf = (facts: ReturnType<typeof readFacts>): Confirmation => ({
  is: 'persisted',
  generation: Number(facts.get('generation')?.[0]),
  isInForce: facts.get('in_force')?.[0] !== 'no',
})

/** After a removal that is known to be done: the host keeps nothing of fleet's, so it can't be asked again. */
export async function forget(session: Session, nonce: string): Promise<void> {
  const reply = await call(session, 'forget', [nonce])
  if (reply.code === EXIT.done) return
  const { why, detail } = stopOf(reply)
  throw new FleetError('host-refuses', { why, detail }, { hostState: 'persisted' })
}

const call = (session: Session, verb: string, args: readonly string[]): Promise<Reply> =>
  callHost(session, { verb, args, timeout: AWAIT_TIMEOUT })
