import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { type ApplyTools, applyHost } from './apply-host.ts'
import { failure } from './outcome.ts'
import type { Target } from './target.ts'

/** Takes a host that persisted back to generation `to`, guarded like any change, and says where it stands then. */
export async function takeBack(target: Target, to: number, tools: ApplyTools): Promise<Outcome> {
  return endOfReturn(await goBack(target, tools), to)
}

/** What the end of a change that leads back to `to` says of its host. */
export function endOfReturn(outcome: Outcome, to: number): Outcome {
  const { host, state, finding } = outcome
  if (state === 'persisted' || state === 'unchanged')
    return { ...outcome, state: 'reverted', finding: say('taken-back', { to }) }
  // The guard has put back what it found, and that is what was to go.
  if (state === 'reverted' || state === 'refused' || state === 'failed' || state === 'unreachable')
    return notTakenBack(host, to, { state, last: finding?.code ?? '' })
  return outcome
}

/** One whose turn never came: fleet was told to let go, or doesn't know the host any more. */
export function neverTakenBack(host: string, to: number, error: unknown): Outcome {
  const { finding } = failure(host, error)
  return notTakenBack(host, to, { state: 'not started', last: finding?.code ?? '' })
}

const notTakenBack = (host: string, to: number, why: Finding['args']): Outcome => ({
  host,
  state: 'persisted',
  finding: say('not-taken-back', { to, ...why }),
})

async function goBack(target: Target, tools: ApplyTools): Promise<Outcome> {
  await tools.emit({ type: 'host-step', host: target.host, step: 'observing' })
  try {
    const session = await target.connect()
    try {
      const plan = target.decide(await target.observe(session))
      return await applyHost({ target, plan, session, observedAt: tools.clock.now() }, tools)
    } finally {
      await session.close()
    }
  } catch (error) {
    return failure(target.host, error)
  }
}

const say = (code: string, args: Finding['args']): Finding => ({ code, severity: 'error', args })
