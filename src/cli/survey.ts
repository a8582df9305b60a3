import type { Clock } from '../model/clock.ts'
import type { Emit } from '../model/event.ts'
import { say } from '../report/say.ts'
import type { Rendered } from '../roles/render.ts'
import { type Each, observeAll, type Survey } from '../rollout/rollout.ts'
import { findingsOf } from './check.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { type Inputs, readInputs, renderAll } from './inputs.ts'
import { openPool } from './pool.ts'
import { makeTargets, shippedRoles } from './targets.ts'

/** What `plan` and `apply` share: everything read, rendered and ready to be looked at. */
export interface Prepared {
  readonly inputs: Inputs
  readonly rendered: ReadonlyMap<string, Rendered>
  readonly each: Each
  readonly clock: Clock
  survey(emit: Emit): Promise<Survey>
}

/** Reads and renders; nobody is contacted yet. Warnings go to standard error. */
export async function prepare(flags: Flags, cancel: AbortSignal): Promise<Prepared> {
  const withPassword = await askBecomePassword(flags)
  const inputs = await readInputs(withPassword)
  const rendered = renderAll(inputs, withPassword)
  for (const finding of findingsOf(inputs, rendered))
    if (finding.severity === 'warning') process.stderr.write(`${say(finding)}\n`)
  const { hosts = 50, starts = 30 } = inputs.config.concurrency
  const pool = openPool({ hosts: flag(flags, 'forks', 'number') ?? hosts, starts, signal: cancel })
  const targets = makeTargets(inputs, rendered, withPassword, {
    pool,
    isShipped: shippedRoles(inputs, withPassword),
  })
  const clock = realClock
  return {
    inputs,
    rendered,
    each: pool.each,
    clock,
    survey: emit => observeAll(targets, { each: pool.each, clock, emit }),
  }
}

async function askBecomePassword(flags: Flags): Promise<Flags> {
  if (!flag(flags, 'ask-become-pass', 'boolean')) return flags
  const { askSecret } = await import('./ask.ts')
  return { ...flags, 'become-password': await askSecret('BECOME password: ') }
}
