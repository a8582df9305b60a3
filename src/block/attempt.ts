import type { BlockState, Later } from '../host/block-answer.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Connect, Session } from '../session/session.ts'
import type { BlockOutcome } from './event.ts'
import type { Answer, Order } from './feeds.ts'
import type { Canary, Gate } from './gate.ts'
import { type Asked, judge, laterThere, type Step } from './verdict.ts'

type Stands = Pick<BlockState, 'hook' | 'areSetsRight'>

/** What is asked of hosts; a seam, so that all that can go wrong there can be tried without them. */
export interface Verbs {
  send(session: Session, order: Order): Promise<Answer>
  check(session: Session, now: number): Promise<Stands>
  persist(session: Session, now: number): Promise<BlockState>
  install(session: Session): Promise<unknown>
}

/**
 * `first`: it hasn't been tried yet, and isn't waited for as long. `proof`: nor is it this time, and all others wait for
 * it, so it waits for none of them.
 */
export type Login = 'first' | 'again' | 'proof'

/** One host that is to block. */
export interface BlockHost extends Asked {
  readonly connect: (login: Login, signal?: AbortSignal) => ReturnType<Connect>
  readonly order: () => Order
  /** The same with what is new in it lifted: for a canary that lets nobody in any more. */
  readonly undo?: () => Order
  /** The host has heard a later word on these than `order` said: whether `order` says a later one still from now on. */
  readonly insist?: (later: readonly Later[]) => Promise<boolean>
}

/** What may be over in a moment, or when somebody has mended it. A login that is refused isn't. */
const PASSING: ReadonlySet<string> = new Set([
  'name-not-found',
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'handshake-timeout',
  'handshake-lost',
  'auth-timeout',
  'auth-lost',
  'connection-lost',
  'channel-refused',
  'exec-timeout',
  'block-busy',
  'host-answer-unreadable',
])

export const isPassing = ({ code }: FleetError): boolean => PASSING.has(code)

/** What one try has to do with the others. */
export interface Surroundings {
  readonly verbs: Verbs
  readonly gate: Gate
  readonly stop: AbortSignal
  readonly clock: Clock
  readonly isFirst: boolean
  readonly onProtected: () => void
  readonly onProven: () => void
}

/** Connects, waits for the canary (or is it), and sends what is to be blocked. Throws nothing that a host can do. */
export async function attempt(one: BlockHost, here: Surroundings): Promise<Step> {
  const { verbs, gate, stop } = here
  let canary: Canary | undefined
  try {
    return await withSession(connectUnless(stop, one, here.isFirst), async session => {
      const turn = await gate.enter()
      if (turn === 'stop') return notBegun(one.host, stop)
      if (turn !== 'go') canary = turn
      const order = one.order()
      const answer = await verbs.send(session, { ...order, onProtected: here.onProtected })
      if (canary && leavesOut(one, answer)) canary.pass()
      else if (canary) await goAhead(one, canary, session, here, order.now)
      if (answer.later.length > 0 && (await one.insist?.(answer.later))) return overruled(one.host, answer)
      return judge(one, answer)
    })
  } catch (error) {
    if (canary) settle(canary, one, error)
    return stop.aborted && isAborted(error) ? notBegun(one.host, stop) : judgeError(one, error)
  }
}

/** A host that took nothing of what the command asks for says nothing of what that does to the others. */
const leavesOut = ({ isAsked }: BlockHost, { lacked, refused }: Answer): boolean =>
  isAsked !== undefined && lacked === 0 && refused.some(({ address }) => isAsked(address))

async function goAhead(
  one: BlockHost,
  canary: Canary,
  session: Session,
  here: Surroundings,
  now: number,
): Promise<void> {
  canary.hold()
  await prove(one, here, now).catch(error => {
    // The next one need not wait for this one's undoing: whoever sits on it may never answer.
    settle(canary, one, error)
    return undo(one, session, here.verbs, error)
  })
  here.onProven()
  canary.open()
}

/** Whoever isn't connected when everything is to end needn't be waited for. */
async function connectUnless(stop: AbortSignal, one: BlockHost, isFirst: boolean): Promise<Session> {
  const connecting = new AbortController()
  const abort = () => connecting.abort()
  stop.addEventListener('abort', abort, { once: true })
  if (stop.aborted) abort()
  try {
    return await one.connect(isFirst ? 'first' : 'again', connecting.signal)
  } finally {
    stop.removeEventListener('abort', abort)
  }
}

const isAborted = (error: unknown) => error instanceof FleetError && error.code === 'aborted'

const notBegun = (host: string, stop: AbortSignal): Step =>
  done(host, 'not started', finding(stop.aborted ? 'block-stopped' : 'block-not-begun'))

/** What was sent must stand, and be seen over a login that began afterwards: what a login there needs may be blocked. */
async function prove(one: BlockHost, { verbs, clock, stop }: Surroundings, now: number): Promise<void> {
  const opening = one
    .connect('proof')
    .catch(() => clock.sleep(SECOND_TRY, stop).then(() => one.connect('proof')))
    .catch(error => {
      const reason = error instanceof FleetError ? error.code : String(error)
      throw new FleetError('block-locked-out', { reason, undone: false }, { hostState: 'unknown' })
    })
  const state = await withSession(opening, async session => {
    const first = await verbs.check(session, now)
    if (isStanding(first)) return first
    // Another block may be at work there just now, between its map and its sets.
    await clock.sleep(SECOND_TRY, stop)
    return verbs.check(session, now)
  })
  if (!isStanding(state))
    throw new FleetError('block-not-standing', { hook: state.hook }, { hostState: 'failed' })
}

export const isStanding = ({ hook, areSetsRight }: Stands) => hook === 'stands' && areSetsRight

/** Milliseconds: sshd may have dropped the first one by chance. */
const SECOND_TRY = 1000

/** Whoever is locked out is let in again by the session that is still open. Throws the error. */
async function undo(one: BlockHost, session: Session, verbs: Verbs, error: unknown): Promise<never> {
  if (!(error instanceof FleetError) || error.code !== 'block-locked-out' || !one.undo) throw error
  const isUndone = await verbs.send(session, one.undo()).then(
    () => true,
    () => false,
  )
  const args = { ...error.args, undone: isUndone }
  throw new FleetError('block-locked-out', args, { hostState: isUndone ? 'reverted' : 'unknown' })
}

/** Whether what went wrong with the canary would go wrong everywhere. */
function settle(canary: Canary, { undo }: BlockHost, error: unknown): void {
  const code = error instanceof FleetError ? error.code : ''
  if (code === 'block-taken-back') canary.fail()
  else if (code !== 'block-locked-out') canary.pass()
  else if (undo) canary.fail()
  else canary.close()
}

export async function withSession<T>(
  opening: Promise<Session>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await opening
  try {
    return await work(session)
  } finally {
    void session.close()
  }
}

const finding = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'error', args })

const done = (host: string, state: BlockOutcome['state'], why?: Finding): Step => ({
  next: 'done',
  outcome: { host, state, ...(why ? { finding: why } : {}) },
})

/** What this command is about isn't so there yet. */
const overruled = (host: string, answer: Answer): Step => ({
  next: 'send',
  outcome: { host, state: 'failed', finding: { ...laterThere(answer.later), severity: 'error' }, answer },
})

function judgeError({ host, isAsked }: BlockHost, error: unknown): Step {
  if (!(error instanceof FleetError)) throw error
  const outcome = {
    host,
    state: error.hostState ?? ('failed' as const),
    finding: askedFirst(error.finding, isAsked),
  }
  if (error.code === 'block-refused' && error.args.why === 'lacks') return { next: 'install', outcome }
  return { next: isPassing(error) ? 'again' : 'done', outcome }
}

/** Of what a host refuses: what the command itself asks for is named before what was in the ledger. */
function askedFirst(found: Finding, isAsked: BlockHost['isAsked']): Finding {
  const { covers } = found.args
  if (!isAsked || !Array.isArray(covers)) return found
  const rank = (line: string) => (isAsked(line.split(' ')[0] ?? '') ? 0 : 1)
  return { ...found, args: { ...found.args, covers: covers.toSorted((a, b) => rank(a) - rank(b)) } }
}
