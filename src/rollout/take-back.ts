import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { type ApplyTools, applyHost } from './apply-host.ts'
import { failure } from './outcome.ts'
import type { Target } from './target.ts'

/** Takes a host that persisted back to generation `to`, guarded like any change, and says where it stands then. */
export async function takeBack(target: Target, to: number, tools: ApplyTools): Promise<Outcome> {
  const outcome = await goBack(target, tools)
  const { host, state, finding } = outcome
  if (state === 'persisted' || state === 'unchanged')
    return { ...outcome, state: 'reverted', finding: say('taken-back', { to }) }
  // The guard has put back what it found, and that is what was to go.
  if (state === 'reverted' || state === 'refused' || state === 'failed' || state === 'unreachable')
    return {
      host,
      state: 'persisted',
      finding: say('not-taken-back', { to, state, last: finding?.code ?? '' }),
    }
  return outcome
}

async function goBack(target: Target, tools: ApplyTools): Promise<Outcome> {
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
