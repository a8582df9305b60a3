import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { type ApplyTools, applyHost } from './apply-host.ts'
import { failure } from './outcome.ts'
import type { Target } from './target.ts'

/** Takes a host that persisted back to generation `to`, guarded like any change, and says where it stands then. */
export async function takeBack(target: Target, to: number, tools: ApplyTools): Promise<Outcome> {
  const { host } = target
  await tools.emit({ type: 'host-step', host, step: 'observing' })
  try {
    const session = await target.connect()
    try {
      const plan = target.decide(await target.observe(session))
      const observed = { target, plan, session, observedAt: tools.clock.now() }
      return endOfReturn(await applyHost(observed, tools), to)
    } finally {
      await session.close()
    }
  } catch (error) {
    // Nothing was begun there.
    const { state, finding } = failure(host, error)
    return notTakenBack(host, to, { state, last: finding?.code ?? '' })
  }
}

/** What the end of a change that leads back to `to` says of its host. */
export function endOfReturn(outcome: Outcome, to: number): Outcome {
  const { host, state, finding } = outcome
  const last = finding?.code ?? ''
  if (state === 'persisted' || state === 'unchanged')
    return { ...outcome, state: 'reverted', finding: say('taken-back', { to }) }
  // Of what is new and old in a change the other way round is true here.
  if (OPEN.has(state)) {
    const { detail = '' } = finding?.args ?? {}
    return { ...outcome, finding: say('return-unsettled', { to, state, last, detail }) }
  }
  // The guard has put back what it found, and that is what was to go.
  return notTakenBack(host, to, { state, last })
}

const OPEN: ReadonlySet<HostState> = new Set(['unknown', 'stuck', 'confirmed, not persisted'])

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

const say = (code: string, args: Finding['args']): Finding => ({ code, severity: 'error', args })
