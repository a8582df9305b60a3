import type { Clock } from '../model/clock.ts'
import type { Emit } from '../model/event.ts'
import type { Asked, Made } from '../plan/back.ts'
import type { PlannedRules } from '../plan/saved.ts'
import type { Each, Survey } from '../rollout/observe-all.ts'
import type { Target } from '../rollout/target.ts'
import type { Pool } from '../session/pool.ts'
import type { CaughtUp } from './catch-up.ts'
import type { Inputs, Sources } from './inputs.ts'
import type { Signals } from './signals.ts'

/** Where a host goes back to, and the generation that it leaves (any, where that is left out); 0 is before fleet. */
export interface Way {
  readonly to: number | 'previous'
  readonly from?: number
  /** Where it leaves whatever a run made. */
  readonly made?: Made
  /** A generation that was made later is somebody else's. */
  readonly asked?: Asked
  /** Back to before fleet, and what is blocked there goes as well. */
  readonly removesBlocks?: true
}

/** What every run over hosts begins with: everything read, and ready to be looked at. */
export interface Prepared {
  readonly inputs: Inputs
  readonly each: Each
  readonly connect: Pool['connector']
  /** Hosts in flight at once. */
  readonly hosts: number
  readonly clock: Clock
  /** How one of them is taken back. */
  readonly back: (host: string, way: Way) => Target
  readonly targets: readonly Target[]
  /** Brings hosts that block less than they should in line. */
  readonly catchUp?: (survey: Survey, signals: Signals) => Promise<CaughtUp>
  /** Looks at them; of a run that is gone on with, at some. */
  survey(emit: Emit, only?: readonly string[]): Promise<Survey>
}

/** A run that is gone on with: what was read for it, and the rules that it had planned. */
export interface Begun {
  readonly sources: Sources
  readonly planned: PlannedRules
}

export function among(targets: readonly Target[], only?: readonly string[]): readonly Target[] {
  if (!only) return targets
  const meant = new Set(only)
  return targets.filter(({ host }) => meant.has(host))
}
