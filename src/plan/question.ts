import type { Observation } from '../host/observation.ts'
import type { PerFamily } from '../model/family.ts'
import type { IpSet, Ruleset } from '../ruleset/ruleset.ts'
import type { WantedBlocks } from './blocks.ts'
import type { Wish } from './host-plan.ts'

/** What is wanted of one host, what it was seen to have, and what the operator allows. */
export interface Question extends Wish {
  readonly rulesets: PerFamily<Ruleset>
  readonly sets: readonly IpSet[]
  readonly candidateHash: string
  readonly seen: Observation
  readonly preserve: readonly string[]
  readonly replace: readonly string[]
  readonly replaceUnmanaged: boolean
  readonly acceptLockoutRisk: boolean
  readonly isShipped: (role: string) => boolean
  /** What the host is to block, where that is asked. */
  readonly blocks?: WantedBlocks
  /** What stays stands where it stood among the rules of others. */
  readonly isLeaving?: true
  /** Its rules stand before those of all others but blocks, which stay. */
  readonly isLockdown?: true
}
