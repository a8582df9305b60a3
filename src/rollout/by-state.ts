import { askRollback, type Confirmation, confirm, type GuardState } from '../host/guard.ts'
import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { Session } from '../session/session.ts'
import { type Armed, fault, outcome, type Settled, type SettleTools } from './armed.ts'
import { isUp } from './host-limit.ts'

/* What follows from what a host says of its transaction. Undefined: it isn't over yet, look again. */

/** Applied, and this connection proves that the host can be reached: confirm, if there is time to. */
export async function decide(
  armed: Armed,
  tools: SettleTools & { readonly letBe: () => void },
  session: Session,
  state: GuardState,
): Promise<Settled | undefined> {
  if ((state.left ?? 0) < Math.min(5000, armed.confirmTimeout / 4)) {
    return byState(armed, tools, session, await askRollback(session, armed.nonce))
  }
  const deadline = tools.clock.now() + (state.left ?? 0)
  const failed = await tools.passes?.()
  if (isUp(tools.limit)) return undefined
  // A confirmation is never cut short.
  tools.letBe()
  const wrong = failed ?? (tools.clock.now() < deadline ? undefined : fault('gates-late'))
  return wrong ? refuse(armed, tools, session, wrong) : confirmed(armed, tools, session)
}

/** The host goes back, and says so, because of something that only the controller saw. */
async function refuse(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  why: Finding,
): Promise<Settled | undefined> {
  const settled = await byState(armed, tools, session, await askRollback(session, armed.nonce))
  if (settled === undefined || settled === 'disarmed' || settled.state !== 'reverted') return settled
  return settled.finding?.args.saved === 'boots' ? settled : { ...settled, finding: why }
}

const whyBack = ({ why, saved }: GuardState) => ({ why, ...(saved ? { saved } : {}) })

async function confirmed(armed: Armed, tools: SettleTools, session: Session): Promise<Settled | undefined> {
  await tools.emit({ type: 'host-step', host: armed.host, step: 'confirming' })
  return byConfirmation(armed, tools, session, await confirm(session, armed.nonce, armed.bootId))
}

async function byConfirmation(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  answer: Confirmation,
): Promise<Settled | undefined> {
  if (answer.is === 'persisted')
    return {
      ...(answer.isInForce
        ? await persisted(armed, tools, session)
        : outcome(armed, 'persisted', fault('not-as-left'))),
      generation: answer.generation,
    }
  if (answer.is === 'not persisted')
    return outcome(armed, 'confirmed, not persisted', fault('not-persisted', { detail: answer.detail }))
  const state = answer.is === 'changed' ? await askRollback(session, armed.nonce) : answer.state
  return byState(armed, tools, session, state)
}

export const persisted = async (armed: Armed, tools: SettleTools, session: Session): Promise<Outcome> =>
  outcome(armed, 'persisted', await tools.afterwards?.(session))

export async function byState(
  armed: Armed,
  tools: SettleTools,
  session: Session,
  state: GuardState,
): Promise<Settled | undefined> {
  switch (state.name) {
    case 'PERSISTED':
    case 'CONFIRMED':
      return confirmed(armed, tools, session)
    case 'ROLLED_BACK':
      return outcome(armed, 'reverted', fault('rolled-back', whyBack(state)))
    case 'DISARMED':
      return state.why === 'session'
        ? 'disarmed'
        : outcome(armed, 'failed', fault('disarmed', { why: state.why }))
    case 'STUCK':
      return outcome(armed, 'stuck', fault('rollback-stuck'))
    default:
      return undefined
  }
}
