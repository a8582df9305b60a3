import type { Event } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { RunSummary } from '../model/run.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { sayRule } from '../plan/unmanaged.ts'
import type { Looked } from './drift.ts'
import { say } from './say.ts'
import { type Asked, conditionOf } from './status.ts'

/** An event as one line of JSON, its line end included; docs/json.md is the schema. Findings carry their sentence. */
export function jsonLine(event: Event): string {
  return line({
    ...event,
    ...('finding' in event && event.finding ? { finding: withMessage(event.finding) } : {}),
    ...('why' in event ? { why: withMessage(event.why) } : {}),
  })
}

/** A host's plan as one line; the payloads that a guard would run are left out. */
export function planLine(plan: HostPlan): string {
  const { host, verdict, roles, onlyBase, closes, installs, released, kept, diff } = plan
  const findings = plan.findings.map(withMessage)
  const unmanaged = plan.unmanaged.map(sayRule)
  const shown = {
    host,
    verdict,
    roles,
    onlyBase,
    findings,
    closes,
    installs,
    unmanaged,
    released,
    kept,
    diff,
  }
  return line({ type: 'host-plan', ...shown })
}

/** What a host says of itself as one line, or why it says nothing. */
export function statusLine(asked: Asked): string {
  const start = { type: 'host-status', host: asked.host, condition: conditionOf(asked) }
  if (!('status' in asked)) return line({ ...start, state: asked.state, finding: withMessage(asked.finding) })
  const { bootId, isTouched, generation, guard, unstored, last, blocks } = asked.status
  const blocking = { blocks: blocks ?? null, behind: asked.behind ? withMessage(asked.behind) : null }
  const changes = { guard: guard ?? null, unstored: unstored ?? null, last: last ?? null }
  return line({
    ...start,
    bootId,
    touched: isTouched,
    generation: generation ?? null,
    ...changes,
    ...blocking,
  })
}

/** In what a host isn't as it was last confirmed as one line, or why it says nothing. */
export function driftLine(looked: Looked): string {
  const start = { type: 'host-drift', host: looked.host }
  if (!('drift' in looked))
    return line({ ...start, state: looked.state, finding: withMessage(looked.finding) })
  const { kinds, pending, findings, generation, live, disk, rendered, strangers, makers } = looked.drift
  const { number, origin } = generation ?? {}
  return line({
    ...start,
    drifted: kinds.length > 0,
    pending: pending ?? null,
    kinds,
    generation: number === undefined ? null : { number, ...origin },
    since: looked.since ?? null,
    findings: findings.map(withMessage),
    live,
    disk,
    rendered,
    strangers: strangers.map(one => ({
      family: one.family,
      rule: sayRule(one),
      counts: one.counts,
      software: one.maker ?? null,
    })),
    software: makers,
  })
}

/** A run of the past, or one that goes on, as one line. */
export const runLine = (summary: RunSummary): string =>
  line({ type: 'run-summary', ...summary, ...(summary.why ? { why: withMessage(summary.why) } : {}) })

const withMessage = (finding: Finding) => ({ ...finding, message: say(finding) })

const line = (value: object) => `${JSON.stringify(value)}\n`
