import { readStatus, type StatusGeneration } from '../host/status.ts'
import type { Clock } from '../model/clock.ts'
import type { Emit, Handover, Outcome } from '../model/event.ts'
import type { Connect, Session } from '../session/session.ts'
import { patiently } from './apply-host.ts'
import type { Untransacted } from './armed.ts'
import { forgetRemoved } from './forget-removed.ts'
import type { HostGates } from './gates/host-gates.ts'
import { hearHost } from './hear-host.ts'
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
 * more (it was booted) is judged by its generation. Never begins anything.
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

const FINAL: ReadonlySet<string> = new Set(['DISARMED', 'ROLLED_BACK', 'PERSISTED', ''])

/** A generation that is there, and that no boot would load, is no proof that a change was made. */
const boots = ({ whole, linked, plugins, enabled }: StatusGeneration) => whole && linked && plugins && enabled

async function lookAgain(session: Session, { handover }: LeftBehind): Promise<Untransacted> {
  const { bootId, up, generation, guard, isArming, isTouched } = await readStatus(session)
  const is = (word: Untransacted['is']): Untransacted => ({ is: word, bootId, up })
  if (isArming || guard?.alive || (guard && !FINAL.has(guard.state))) return is('under way')
  const number = generation?.number ?? 0
  if (handover.generation === 0) {
    if (!isTouched) return is('as wanted')
    if (number === 0 && handover.base > 0) return is('half removed')
  } else if (number === handover.generation && generation?.nonce === handover.nonce) {
    if (boots(generation)) return is('as wanted')
    // The unit is enabled last: without it the first change of a host is not what a boot has loaded.
    const bootedBefore = handover.base === 0 && !generation.enabled && bootId !== handover.bootId
    return is(bootedBefore ? 'as before' : 'different')
  }
  return is(number === handover.base ? 'as before' : 'different')
}
