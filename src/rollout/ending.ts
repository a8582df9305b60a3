import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Course } from './course.ts'

/** What follows once nothing is in flight any more. */
export interface Ending {
  readonly why: Finding
  readonly next: Course['onFailure']
}

export const reason = (code: string, stage?: number): Finding => ({
  code,
  severity: 'error',
  args: stage === undefined ? {} : { stage },
})

export const OVERDUE: Finding = reason('run-overdue')

/** What a rollout that was stopped from outside ends with: the error that the signal brings, or that somebody wanted it. */
export const whyStopped = ({ reason: why }: AbortSignal): Finding =>
  why instanceof FleetError ? why.finding : STOPPED

export const STOPPED: Finding = reason('stopped')

/** They say that no host starts any more, and nothing of those that were. */
export const NO_FAILURES: ReadonlySet<string> = new Set(['stopped', 'run-overdue'])

/** What stops a rollout although nobody has said so. */
export const BY_NOBODY: ReadonlySet<string> = new Set(['run-overdue', 'journal-lost'])
