import type { HostRecord } from '../journal/host-record.ts'
import type { RunRecord } from '../journal/record.ts'
import { isAsRendered, type PlannedRules } from '../plan/saved.ts'
import { wasLetGo } from '../rollout/outcome.ts'
import type { Left } from '../rollout/plan-course.ts'
import type { Stood } from '../rollout/roll.ts'
import type { Recalled } from './gates.ts'
import type { GoingOn } from './going-on.ts'
import type { Prepared } from './prepared.ts'
import type { Earlier } from './roll-out.ts'

export type Persisted = ReadonlyMap<string, Omit<Stood, 'target'>>

/** Hosts that stand on what this run has made, and are looked at and taken back with it. */
export function stoodOf(rest: readonly string[], known: RunRecord['hosts'], { inputs }: GoingOn): Persisted {
  const open = new Set(rest)
  const isOurs = (host: string, { outcome, isOfBefore }: HostRecord) =>
    outcome?.state === 'persisted' && !isOfBefore && !open.has(host) && inputs.connections.has(host)
  const stood = [...known].flatMap(([host, one]) => {
    const { outcome, base, generation } = one
    if (!outcome || base === undefined || generation === undefined || !isOurs(host, one)) return []
    return [[host, { outcome, base, generation }] as const]
  })
  return new Map(stood)
}

/** It was to go back, stands on the new rules, and nobody has said that it can't be taken back. */
export const isToGoBack = ({ outcome, isGoingBack }: HostRecord): boolean =>
  isGoingBack === true &&
  outcome?.state === 'persisted' &&
  (outcome.finding?.code !== 'not-taken-back' || wasLetGo(outcome))

/**
 * Whoever names a run has a fresh budget, but for hosts that were checked again and don't pass; where the run has an end
 * its stages begin anew as well.
 */
export function leftOf(
  rest: readonly string[],
  known: RunRecord['hosts'],
  { record, isNamed }: Pick<GoingOn, 'record' | 'isNamed'>,
): Left {
  const open = new Set(rest)
  const hosts = [...known].flatMap(([host, { outcome, isSpoiled, isAccepted, isOfBefore }]) => {
    if (!outcome || isOfBefore || open.has(host)) return []
    const isFree = isAccepted || (isNamed && !isSpoiled)
    return [{ host, state: outcome.state, ...(isSpoiled ? { isSpoiled } : {}), isAccepted: isFree ?? false }]
  })
  const paused = record.paused ? { paused: record.paused } : {}
  const since = record.openSince === undefined ? {} : { since: Date.parse(record.openSince) }
  return { ...record.standing, ...paused, ...since, frozen: record.stages, hosts }
}

/** All that a controller which died has left, for a rollout over the rest. */
export function earlierOf(
  left: Left,
  stood: Persisted,
  { targets, back }: Pick<Prepared, 'targets' | 'back'>,
  { gatesOf, planned }: { readonly gatesOf: Recalled; readonly planned: PlannedRules },
): Earlier {
  const fresh = new Map(targets.map(target => [target.host, target]))
  const known = [...stood].flatMap(([host, one]) => {
    const target = fresh.get(host)
    if (!target) return []
    const isAsPlanned = isAsRendered(planned, host, target.rendered)
    // What would be rendered by now says nothing of whether it is as it was left.
    return [[host, { ...one, target: isAsPlanned ? target : back(host, { to: one.generation }) }] as const]
  })
  return { left, gatesOf, stood: new Map(known) }
}
