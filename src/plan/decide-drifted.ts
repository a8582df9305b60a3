import { withBehind } from './blocks.ts'
import { decide } from './decide.ts'
import { driftOf } from './drift.ts'
import { type HostPlan, NOTHING } from './host-plan.ts'
import type { Question } from './question.ts'

/**
 * As `decide`, but only for a host that isn't as it was last confirmed: the rules of others are left out, and that is
 * said.
 */
export function decideDrifted(question: Question): HostPlan {
  const plan = decide(question)
  if (plan.verdict === 'unchanged' || question.seen.guard?.alive) return plan
  const { kinds, generation } = driftOf(question)
  if (kinds.some(kind => kind !== 'never-applied' && kind !== 'blocks')) return plan
  const { host, groups, roles, onlyBase, bootId } = plan
  const code = generation ? 'left-out-not-drifted' : 'left-out-never-applied'
  const finding = { code, severity: 'warning', args: {} } as const
  const left: HostPlan = { ...NOTHING, host, groups, roles, onlyBase, bootId, findings: [finding] }
  return withBehind(left, question)
}
