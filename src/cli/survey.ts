import { holdTo, holdToRules, type PlannedRules, type SavedPlan } from '../plan/saved.ts'
import { observeAll } from '../rollout/observe-all.ts'
import type { Target } from '../rollout/target.ts'
import { catchUp } from './catch-up.ts'
import { findingsOf } from './check.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { hostsAtOnce, keptOpen, poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { readBlocking } from './ledger.ts'
import { checkPlan, readPlan } from './plan-file.ts'
import { among, type Begun, type Prepared } from './prepared.ts'
import { renderAll } from './rendering.ts'
import { makeTargets, shippedRoles } from './targets.ts'
import { warnOnce } from './warnings.ts'
import { wayBack } from './ways-back.ts'

async function savedPlan(
  { inventory }: Inputs,
  flags: Flags,
  isBegun: boolean,
): Promise<SavedPlan | undefined> {
  const file = flag(flags, 'plan', 'string')
  if (file === undefined) return undefined
  const saved = await readPlan(file)
  // Whoever goes on with a run names hosts that are gone, and brings the others to their end.
  if (!isBegun) checkPlan(saved, inventory.hosts, file)
  return saved
}

/** A host gets what was planned for it, or nothing. */
const hold = (target: Target, saved?: SavedPlan, planned?: PlannedRules): Target => ({
  ...target,
  decide: seen => {
    const fresh = target.decide(seen)
    const held = planned ? holdToRules(planned, target.rendered, fresh) : fresh
    return saved ? holdTo(saved, held) : held
  },
})

/** Reads and renders; nobody is contacted yet. Warnings go to standard error. */
export async function prepare(flags: Flags, cancel: AbortSignal, begun?: Begun): Promise<Prepared> {
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword, begun?.sources)
  const rendered = await renderAll(inputs, withPassword)
  for (const finding of findingsOf(inputs, rendered, withPassword))
    if (finding.severity === 'warning' || flag(flags, 'verbose', 'boolean')) warnOnce(finding)
  const pool = poolFor(inputs, withPassword, cancel)
  const blocking = await readBlocking(inputs)
  const targets = makeTargets(inputs, rendered, withPassword, {
    pool,
    isShipped: shippedRoles(inputs, withPassword),
    ...(blocking ? { blocks: blocking.asked } : {}),
  })
  const saved = await savedPlan(inputs, flags, begun !== undefined)
  const held = targets.map(target => hold(target, saved, begun?.planned))
  const clock = realClock
  const open = keptOpen(inputs, withPassword)
  return {
    inputs,
    each: pool.each,
    connect: pool.connector,
    hosts: hostsAtOnce(inputs, withPassword),
    clock,
    back: wayBack(inputs, withPassword, pool),
    targets: held,
    ...(blocking
      ? { catchUp: (survey, signals) => catchUp(survey, inputs, withPassword, blocking, signals) }
      : {}),
    survey: (emit, only) => observeAll(among(held, only), { each: pool.each, clock, emit, open }),
  }
}
