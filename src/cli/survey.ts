import type { Clock } from '../model/clock.ts'
import type { Emit } from '../model/event.ts'
import { say } from '../report/say.ts'
import { type Each, observeAll, type Survey } from '../rollout/observe-all.ts'
import { findingsOf } from './check.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { hostsAtOnce, poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs, renderAll } from './inputs.ts'
import { makeTargets, shippedRoles } from './targets.ts'

/** What `plan` and `apply` share: everything read, rendered and ready to be looked at. */
export interface Prepared {
  readonly inputs: Inputs
  readonly each: Each
  /** Hosts in flight at once. */
  readonly hosts: number
  readonly clock: Clock
  survey(emit: Emit): Promise<Survey>
}

/** Reads and renders; nobody is contacted yet. Warnings go to standard error. */
export async function prepare(flags: Flags, cancel: AbortSignal): Promise<Prepared> {
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword)
  const rendered = renderAll(inputs, withPassword)
  for (const finding of findingsOf(inputs, rendered))
    if (finding.severity === 'warning' || flag(flags, 'verbose', 'boolean'))
      process.stderr.write(`${say(finding)}\n`)
  const pool = poolFor(inputs, withPassword, cancel)
  const targets = makeTargets(inputs, rendered, withPassword, {
    pool,
    isShipped: shippedRoles(inputs, withPassword),
  })
  const clock = realClock
  return {
    inputs,
    each: pool.each,
    hosts: hostsAtOnce(inputs, withPassword),
    clock,
    survey: emit => observeAll(targets, { each: pool.each, clock, emit }),
  }
}
