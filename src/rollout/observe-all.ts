import type { Clock } from '../model/clock.ts'
import type { Emit, Outcome, RenderedRules } from '../model/event.ts'
import type { Pool } from '../session/pool.ts'
import { failure } from './outcome.ts'
import type { Observed, Target } from './target.ts'

/*
 * Observe all, decide, then arm: nothing is armed before every host was looked at and the plan accepted.
 */

/** How hosts are gone through; one that never started is rejected with what was said instead. */
export type Each = Pool['each']

export interface ObserveTools {
  readonly each: Each
  readonly clock: Clock
  readonly emit: Emit
  /** So many hosts keep their connections until they are armed; those beyond are connected to anew. */
  readonly open: number
}

export interface Survey {
  readonly observed: readonly Observed[]
  /** Hosts that could not be looked at. */
  readonly failed: readonly Outcome[]
}

/** Looks at every host, each over a connection of its own; of those that are to be changed it stays open. */
export async function observeAll(targets: readonly Target[], tools: ObserveTools): Promise<Survey> {
  await tools.emit({ type: 'phase-started', phase: 'observe', hosts: targets.map(({ host }) => host) })
  const rules = rulesOf(targets)
  if (rules.length > 0) await tools.emit({ type: 'rules-rendered', rules })
  let kept = 0
  const keeps = () => kept++ < tools.open
  const settling = await tools.each(targets, target => observeOne(target, tools, keeps))
  const looked = await inOrder(
    settling,
    targets.map(({ host }) => host),
    tools.emit,
  )
  return {
    observed: looked.flatMap(one => ('plan' in one ? [one] : [])),
    failed: looked.flatMap(one => ('plan' in one ? [] : [one])),
  }
}

/** Most hosts have the rules of others. */
function rulesOf(targets: readonly Target[]): readonly RenderedRules[] {
  const hostsOf = new Map<string, string[]>()
  for (const { host, rendered } of targets) {
    if (rendered === undefined) continue
    const hosts = hostsOf.get(rendered)
    if (hosts) hosts.push(host)
    else hostsOf.set(rendered, [host])
  }
  return [...hostsOf].map(([sha256, hosts]) => ({ sha256, hosts }))
}

async function observeOne(
  target: Target,
  { clock, emit }: ObserveTools,
  keeps: () => boolean,
): Promise<Observed | Outcome> {
  await emit({ type: 'host-step', host: target.host, step: 'observing' })
  try {
    const session = await target.connect()
    try {
      const plan = target.decide(await target.observe(session))
      const { verdict, back } = plan
      await emit({ type: 'host-planned', host: target.host, verdict, ...(back ? { back } : {}) })
      const isKept = verdict === 'change' && keeps()
      if (!isKept) await session.close()
      return { target, plan, session, observedAt: isKept ? clock.now() : Number.NEGATIVE_INFINITY }
    } catch (error) {
      await session.close()
      throw error
    }
  } catch (error) {
    return settled(failure(target.host, error), emit)
  }
}

/** The value of each, and an outcome for a host that was never started. A bug goes on up. */
function inOrder<T>(
  results: readonly PromiseSettledResult<T>[],
  hosts: readonly string[],
  emit: Emit,
): Promise<(T | Outcome)[]> {
  return Promise.all(
    results.map((result, index) =>
      result.status === 'fulfilled'
        ? result.value
        : settled(failure(hosts[index] ?? '', result.reason), emit),
    ),
  )
}

async function settled(outcome: Outcome, emit: Emit): Promise<Outcome> {
  await emit({ type: 'host-settled', ...outcome })
  return outcome
}
