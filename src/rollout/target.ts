import type { Observation } from '../host/observation.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import type { Connect, Session } from '../session/session.ts'

/** One host of a run: how to reach it, how to look at it, and how its plan follows from what is seen. */
export interface Target {
  readonly host: string
  readonly connect: Connect
  readonly observe: (session: Session) => Promise<Observation>
  readonly decide: (seen: Observation) => HostPlan
  /** The sum of what was rendered for it; where nothing was, it goes to rules that it has kept itself. */
  readonly rendered?: string
}

/** A host that was looked at. The session stays open so that it can be armed without another connection, if there is room for it. */
export interface Observed {
  readonly target: Target
  readonly plan: HostPlan
  readonly session: Session
  /** Monotonic milliseconds; long ago where the session is closed. */
  readonly observedAt: number
}
