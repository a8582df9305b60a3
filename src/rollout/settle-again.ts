import { type HostStatus, readStatus, type StatusGeneration } from '../host/status.ts'
import type { Clock } from '../model/clock.ts'
import type { Emit, Handover, Outcome } from '../model/event.ts'
import type { Connect, Session } from '../session/session.ts'
import type { Untransacted } from './armed.ts'
import { forgetRemoved } from './forget-removed.ts'
import type { HostGates } from './gates/host-gates.ts'
import { patiently } from './gates/patiently.ts'
import { hearHost } from './hear-host.ts'
import { isAtWork, judgeLost, type Standing } from './judge-lost.ts'
import { settle } from './settle.ts'

/** A host that a controller armed, and died before it knew what became of it. */
export interface LeftBehind {
  readonly host: string
  readonly run: string
  readonly handover: Handover
  /** Milliseconds since it was armed, by the controller's wall clock. */
  readonly age: number
  /** A removal takes blocks away as well. */
  readonly removesBlocks?: boolean
}

export interface AgainTools {
  readonly connect: Connect
  readonly clock: Clock
  readonly emit: Emit
  /** What has to hold of it before it is confirmed. */
  readonly gates?: HostGates | undefined
}

/**
 * Brings such a host to its end as the controller would have: what is applied is confirmed over a fresh connection if
 * there is time, and whatever its guard has decided meanwhile is read back. A host that doesn't know the change any
 * more (it was booted) is judged by its generation and its live rules. Never begins anything.
 */
export async function settleAgain(left: LeftBehind, tools: AgainTools): Promise<Outcome> {
  const { host, handover } = left
  const { gates } = tools
  const closedAt = tools.clock.now() - Math.max(0, left.age)
  const settled = await settle(
    { host, ...handover, begunAt: closedAt, closedAt },
    {
      ...tools,
      connect: hearHost(host, tools.connect, tools.emit),
      lookAgain: session => lookAgain(session, left),
      ...(gates ? { passes: () => patiently(gates, tools) } : {}),
      ...(handover.generation === 0
        ? { afterwards: (session: Session) => forgetRemoved(session, handover.nonce, left) }
        : {}),
    },
  )
  if (settled !== 'disarmed') return settled
  return { host, state: 'failed', finding: { code: 'arm-lost', severity: 'error', args: {} } }
}

/** A generation that is there, and that no boot would load, is no proof that a change was made. */
const boots = ({ whole, linked, plugins, enabled }: StatusGeneration) => whole && linked && plugins && enabled

async function lookAgain(session: Session, { handover }: LeftBehind): Promise<Untransacted> {
  const status = await readStatus(session, handover.nonce)
  const { bootId, up, guard, isArming } = status
  const isBusy = isArming || isAtWork(guard)
  const standing = { isBusy, boots: bootsOf(status, handover), live: liveOf(status, handover) }
  return { is: judgeLost(standing), bootId, up }
}

const isOwn = ({ generation }: HostStatus, { generation: number, nonce }: Handover) =>
  number > 0 && generation?.number === number && generation.nonce === nonce

function bootsOf(status: HostStatus, handover: Handover): Standing['boots'] {
  const { generation, isTouched, bootId } = status
  const number = generation?.number ?? 0
  if (handover.generation === 0) {
    if (!isTouched) return 'wanted'
    if (number === 0 && handover.base > 0) return 'half removed'
  } else if (generation && isOwn(status, handover)) {
    if (boots(generation)) return 'wanted'
    // The unit is enabled last: without it the first change of a host is not what a boot has loaded.
    const bootedBefore = handover.base === 0 && !generation.enabled && bootId !== handover.bootId
    return bootedBefore ? 'before' : 'other'
  }
  return number === handover.base && generation?.whole !== false ? 'before' : 'other'
}

function liveOf(status: HostStatus, handover: Handover): Standing['live'] {
  const { inForce, isTouched, bootId } = status
  // Nothing of fleet's is left there that says what stood before.
  if (handover.generation === 0 && !isTouched) return { wanted: true, before: false }
  const own = isOwn(status, handover)
  const areCurrent = inForce?.areCurrent === true
  // Whatever is in force there, a change that never got there is no part of it; but a boot must have loaded what boots.
  const isUntouched = inForce?.isArmed === false && (handover.base === 0 || bootId === handover.bootId)
  return {
    wanted: own && areCurrent,
    before: inForce?.areBefore === true || (!own && areCurrent) || isUntouched,
  }
}
