import { createHash } from 'node:crypto'
import type { Finding } from '../model/finding.ts'
import { type HostPlan, NOTHING } from './host-plan.ts'

/** What a plan file holds of a host: enough to know the same plan again, to the byte. */
export interface SavedHost {
  readonly host: string
  readonly verdict: HostPlan['verdict']
  /** Of what is asked of the host, and of what was seen there; '' where nothing is to be changed. */
  readonly wanted: string
  readonly seen: string
}

export interface SavedPlan {
  readonly hosts: ReadonlyMap<string, SavedHost>
}

export function saveHost(plan: HostPlan): SavedHost {
  const { host, verdict, change } = plan
  if (!change) return { host, verdict, wanted: '', seen: '' }
  const { want, sets, removes, now, base, generation } = change
  return {
    host,
    verdict,
    wanted: digest([want[4], want[6], sets, String(removes ?? false)]),
    seen: digest([
      now[4],
      now[6],
      change.do[4],
      change.do[6],
      change.undo[4],
      change.undo[6],
      String(base),
      String(generation),
    ]),
  }
}

/** The plan that was made afresh if it is the saved one; otherwise a refusal that says what differs. */
export function holdTo(saved: SavedPlan, fresh: HostPlan): HostPlan {
  if (fresh.verdict === 'refused') return fresh
  const was = saved.hosts.get(fresh.host)
  if (!was) return refuse(fresh, 'not-in-plan', {})
  const is = saveHost(fresh)
  if (was.verdict === is.verdict && was.wanted === is.wanted && was.seen === is.seen) return fresh
  if (fresh.verdict === 'unchanged') return fresh
  if (was.verdict !== 'change') return refuse(fresh, 'plan-said', { verdict: was.verdict })
  return refuse(fresh, was.wanted === is.wanted ? 'host-drifted' : 'other-rules-wanted', {})
}

/** A run that is gone on with, and of each host the sum of the rules that were rendered for it then. */
export interface PlannedRules {
  readonly run: string
  readonly rendered: ReadonlyMap<string, string>
}

/** What is rendered now is what was then; also where nobody has written down what was. */
export function isAsRendered({ rendered }: PlannedRules, host: string, now: string | undefined): boolean {
  const then = rendered.get(host)
  return then === undefined || then === now
}

/** The plan that was made afresh, unless it leads to other rules than the run had planned: no canary had those. */
export function holdToRules(planned: PlannedRules, now: string | undefined, fresh: HostPlan): HostPlan {
  if (fresh.verdict !== 'change' || isAsRendered(planned, fresh.host, now)) return fresh
  return refuse(fresh, 'other-rules-than-run', { run: planned.run })
}

/** What it blocks is none of the plan's business: it is told so all the same. */
function refuse(
  { host, groups, roles, onlyBase, bootId, isBehind, findings: found }: HostPlan,
  code: string,
  args: Finding['args'],
): HostPlan {
  const behind = found.filter(one => one.code === 'blocks-behind')
  const findings: readonly Finding[] = [{ code, severity: 'error', args }, ...behind]
  const plan = { ...NOTHING, host, groups, roles, onlyBase, bootId, verdict: 'refused' as const, findings }
  return isBehind ? { ...plan, isBehind } : plan
}

const digest = (texts: readonly string[]) => createHash('sha256').update(JSON.stringify(texts)).digest('hex')
