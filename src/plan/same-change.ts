import type { Generation } from '../host/observation.ts'
import { FAMILIES } from '../model/family.ts'
import type { HostChange, HostPlan } from './host-plan.ts'

/** Whether a plan made afresh would do what the frozen one showed: the same rules go, the same come. */
export function sameChange(shown: HostPlan, fresh: HostPlan): boolean {
  const { change } = fresh
  if (!change) return false
  if (!shown.change) return isOnlyBefore(shown)
  const same = shown.change
  return same.generation === change.generation && haveSameRules(same, change)
}

const haveSameRules = (one: HostChange, other: HostChange) =>
  FAMILIES.every(family => one.want[family] === other.want[family] && one.now[family] === other.now[family])

/**
 * The first generation of a host lies there, no boot loads it, and the rules are those of before: what was to persist it
 * was cut off before a boot had been rehearsed.
 */
export function isUnbooted(shown: HostPlan, fresh: HostPlan, { enabled }: Generation): boolean {
  if (enabled || shown.change?.base !== 0 || !fresh.change) return false
  return haveSameRules(shown.change, fresh.change)
}

/** A host that had no iptables yet: what was shown is the template's own text. */
const isOnlyBefore = (shown: HostPlan) => shown.installs
