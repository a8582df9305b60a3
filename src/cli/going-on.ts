import type { Rollout } from '../config/rollout.ts'
import type { RunRecord } from '../journal/record.ts'
import type { Emit } from '../model/event.ts'
import type { Pool } from '../session/pool.ts'
import type { Inputs } from './inputs.ts'
import type { Signals } from './signals.ts'

/** A run of somebody else's that is gone on with. */
export interface GoingOn {
  readonly inputs: Inputs
  readonly record: RunRecord
  /** By what it is gone on with. */
  readonly rollout: Rollout
  readonly pool: Pool
  readonly emit: Emit
  readonly signals: Signals
  /** Nobody new is started: somebody said so, or it can't be written down any more. */
  readonly stop: AbortSignal
  readonly unrecorded: AbortSignal
  readonly directory: string
  readonly isNamed: boolean
  readonly ask?: ((over: AbortSignal) => Promise<boolean>) | undefined
}
