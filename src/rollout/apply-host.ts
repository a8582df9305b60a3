import type { Transaction } from '../host/guard.ts'
import { newNonce } from '../host/nonce.ts'
import { installPackages } from '../host/packages.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { HostChange, HostPlan } from '../plan/host-plan.ts'
import { metaOf } from '../plan/meta.ts'
import { sameChange } from '../plan/same-change.ts'
import type { Session } from '../session/session.ts'
import { armAndClose, waitFor } from './arm-host.ts'
import type { Settled } from './armed.ts'
import { forgetRemoved } from './forget-removed.ts'
import type { HostGates } from './gates/host-gates.ts'
import { patiently } from './gates/patiently.ts'
import { hearObserved } from './hear-host.ts'
import { checkLimit, type HostLimit, isUp, overdue, within, withLimit } from './host-limit.ts'
import { lookAgain } from './look-again.ts'
import { failure, outcomeOf, warningOf } from './outcome.ts'
import { settle } from './settle.ts'
import type { Observed } from './target.ts'

/*
 * One host, from its frozen plan to an end that was read back. The promises:
 *
 * 1. Exactly the plan: a host that looks different when it is armed is refused (the host checks it as well).
 * 2. Nothing changes before the arming session is closed: that is the go.
 * 3. Only a connection that began after the rules were in force confirms (freshness.ts).
 * 4. Whatever is lost on the way, the outcome is what the host says in the end, or `unknown`.
 * 5. An `arm` whose answer was lost may have armed: it is settled like one that did.
 * 6. Once its time is up nothing is begun or confirmed any more; what apt does is waited for.
 * 7. It is never armed where that can't be written down: whoever comes after a controller that died has to know of it.
 */

export interface ApplyTools {
  readonly run: string
  readonly who: string
  readonly confirmTimeout: number
  /** Milliseconds that a host's apt may be kept waiting. */
  readonly aptTimeout: number
  /** Milliseconds that a host may take in all. */
  readonly hostTimeout?: number
  readonly clock: Clock
  readonly emit: Emit
  /** Aborted, with the error, once what happens can't be written down any more. */
  readonly unrecorded?: AbortSignal
  /** What has to hold of a host before and after its change. */
  readonly gatesOf?: (host: string) => HostGates | undefined
}

/** Milliseconds: an observing session older than this is not armed over any more. */
const SESSION_AGE = 60_000

export const applyHost = (observed: Observed, tools: ApplyTools): Promise<Outcome> =>
  withLimit(tools.hostTimeout, tools.clock, limit =>
    applyWithin(hearObserved(observed, tools.emit), { ...tools, ...(limit && { limit }) }),
  )

interface Tools extends ApplyTools {
  readonly limit?: HostLimit
}

async function applyWithin(observed: Observed, tools: Tools): Promise<Outcome> {
  const { host } = observed.target
  try {
    const first = await attempt(observed, tools).catch(whereNothingBegan)
    if (first !== 'disarmed') return first
    checkLimit(tools.limit)
    const again = await attempt({ ...observed, observedAt: Number.NEGATIVE_INFINITY }, tools)
    if (again !== 'disarmed') return again
    return { host, state: 'failed', finding: { code: 'session-stayed', severity: 'error', args: {} } }
  } catch (error) {
    if (isUp(tools.limit) && isCut(error)) return overdue(host, 'failed', tools.limit)
    return (await unchangedAfterAll(observed, error)) ?? failure(host, error)
  }
}

const isCut = (error: unknown) => error instanceof FleetError && error.code === 'aborted'

/** A contact finishes what a fleet that died has left, and that may be just what this one wants. */
async function unchangedAfterAll(observed: Observed, error: unknown): Promise<Outcome | undefined> {
  const { target } = observed
  if (!(error instanceof FleetError) || error.code !== 'host-changed') return undefined
  try {
    const session = await target.connect()
    try {
      const plan = target.decide(await target.observe(session))
      const isSame = plan.bootId === observed.plan.bootId
      return isSame && plan.verdict === 'unchanged' ? outcomeOf(plan) : undefined
    } finally {
      await session.close()
    }
  } catch (second) {
    if (second instanceof FleetError) return undefined
    throw second
  }
}

/** The observing session ended before anything was asked of it: a new one gets another look. */
function whereNothingBegan(error: unknown): 'disarmed' {
  const isGone = error instanceof FleetError && error.code === 'connection-lost'
  if (isGone && error.hostState === 'unreachable') return 'disarmed'
  throw error
}

async function attempt(observed: Observed, tools: Tools): Promise<Settled> {
  const { target } = observed
  const ready = await prepare(observed, tools)
  const { plan, session } = ready
  if (plan.verdict !== 'change' || !plan.change) {
    await session.close()
    return outcomeOf(plan)
  }
  const transaction = transactionOf(plan.change, tools)
  const { nonce, base, generation, confirmTimeout } = transaction
  const armed = { host: target.host, nonce, bootId: plan.bootId, confirmTimeout }
  const { removesBlocks = false } = plan.change
  const gates = tools.gatesOf?.(target.host)
  await gates?.before(tools.limit?.signal)
  await beforeTimeIsUp(session, tools)
  await tools.emit({ type: 'host-step', ...armed, step: 'arming', base, generation })
  await refuseUnrecorded(session, tools)
  const begunAt = tools.clock.now()
  const arming = await armAndClose(target, session, transaction, tools.clock)
  const closedAt = tools.clock.now()
  await tools.emit({ type: 'host-step', host: target.host, step: 'armed' })
  await tools.clock.sleep(waitFor(arming, tools.confirmTimeout))
  const { connect } = target
  const settled = await settle(
    { ...armed, begunAt, closedAt, isKnown: arming.isKnown },
    {
      ...tools,
      connect,
      lookAgain: one => lookAgain(one, target, plan, nonce),
      ...(gates ? { passes: () => patiently(gates, tools) } : {}),
      ...(transaction.removes ? { afterwards: one => forgetRemoved(one, nonce, { removesBlocks }) } : {}),
    },
  )
  return withWarning(settled, plan)
}

/** A host that ended well may still have something that the operator should hear of. */
function withWarning(settled: Settled, plan: HostPlan): Settled {
  const finding = warningOf(plan)
  if (settled === 'disarmed' || settled.state !== 'persisted' || settled.finding || !finding) return settled
  return { ...settled, finding }
}

interface Ready {
  readonly plan: HostPlan
  readonly session: Session
}

/** A session to arm over and the plan it was made with; packages first, where they're missing. */
async function prepare(observed: Observed, tools: Tools): Promise<Ready> {
  const { target, plan } = observed
  const old = tools.clock.now() - observed.observedAt > SESSION_AGE
  if (old) {
    await observed.session.close()
    await tools.emit({ type: 'host-step', host: target.host, step: 'observing' })
  }
  // What apt does is never broken off.
  const connect = plan.installs ? target.connect : within(tools.limit, target.connect)
  const session = old ? await connect() : observed.session
  try {
    if (!old && !plan.installs) return { plan, session }
    if (plan.installs) {
      await tools.emit({ type: 'host-step', host: target.host, step: 'installing' })
      await installPackages(session, tools.aptTimeout)
    }
    const now = target.decide(await target.observe(session))
    if (now.bootId !== plan.bootId)
      throw new FleetError('host-changed', { what: 'boot' }, { hostState: 'refused' })
    if (now.verdict === 'change' && !sameChange(plan, now))
      throw new FleetError('host-changed', { what: 'rules' }, { hostState: 'refused' })
    return { plan: now, session }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** The last moment to turn back; from here on what is waited for over the session ends with the limit. */
async function beforeTimeIsUp(session: Session, { limit }: Tools): Promise<void> {
  if (isUp(limit)) await session.close()
  checkLimit(limit)
  limit?.signal.addEventListener('abort', () => void session.close(), { once: true })
}

async function refuseUnrecorded(session: Session, { unrecorded }: Tools): Promise<void> {
  if (unrecorded?.aborted) await session.close()
  unrecorded?.throwIfAborted()
}

function transactionOf(change: HostChange, tools: ApplyTools): Transaction {
  const nonce = newNonce()
  const since = new Date(tools.clock.wall()).toISOString()
  const { run, who, confirmTimeout } = tools
  const meta = metaOf(change, { run, nonce, who, since })
  return { nonce, run, who, since, confirmTimeout, ...change, meta }
}
