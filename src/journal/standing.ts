import type { Event } from '../model/event.ts'

/** How far a run has come: the stage that began last, from 0; -1 where none has. */
export interface Standing {
  readonly stage: number
  /** Its check is known, or it waited for its promotion. */
  readonly isChecked: boolean
  readonly isPromoted: boolean
}

const NOWHERE: Standing = { stage: -1, isChecked: false, isPromoted: false }

/** Whoever resumes a run that has an end begins its stages anew. */
export function standingOf(events: readonly Event[]): Standing {
  let standing = NOWHERE
  let isChecking = false
  for (const event of events.slice(events.findLastIndex(({ type }) => type === 'run-ended') + 1)) {
    if (event.type === 'phase-started' && event.phase === 'check') isChecking = true
    if (event.type === 'phase-started' && event.stage !== undefined) {
      standing = { ...NOWHERE, stage: event.stage - 1 }
      isChecking = false
    }
    // Whatever follows a check is told after it.
    if (event.type === 'rollout-paused')
      standing = {
        ...standing,
        isChecked: isChecking || event.why.code === 'wants-promotion',
        isPromoted: false,
      }
    if (event.type === 'rollout-promoted') standing = { ...standing, isPromoted: true }
  }
  return standing
}
