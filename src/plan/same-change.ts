import { FAMILIES } from '../model/family.ts'
import type { HostPlan } from './host-plan.ts'

/** Whether a plan made afresh would do what the frozen one showed: the same rules go, the same come. */
export function sameChange(shown: HostPlan, fresh: HostPlan): boolean {
  const { change } = fresh
  if (!change) return false
  if (!shown.change) return isOnlyBefore(shown)
  const same = shown.change
  if (same.generation !== change.generation) return false
  return FAMILIES.every(
    family => same.want[family] === change.want[family] && same.now[family] === change.now[family],
  )
}

/** A host that had no iptables yet: what was shown is the template's own text. */
const isOnlyBefore = (shown: HostPlan) => shown.installs
