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

export const OVERDUE: Ending = { why: reason('run-overdue'), next: 'stop' }

/** They say that no host starts any more, and nothing of those that were. */
export const NO_FAILURES: ReadonlySet<string> = new Set(['stopped', 'run-overdue'])
