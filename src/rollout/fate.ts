import type { Finding } from '../model/finding.ts'
import type { Course } from './course.ts'
import { BY_NOBODY, type Ending, OVERDUE } from './ending.ts'

/** How a rollout is to end, once nothing is in flight any more, and what outdoes what. */
export class Fate {
  readonly #onFailure: Course['onFailure']
  #ending: Ending | undefined

  constructor(onFailure: Course['onFailure']) {
    this.#onFailure = onFailure
  }

  get ending(): Ending | undefined {
    return this.#ending
  }

  /** It is known, whatever comes. What follows a failure still does when the time is up. */
  get isDecided(): boolean {
    return this.#ending !== undefined && this.#ending.why !== OVERDUE
  }

  /** Whoever could promote it comes too late where it ends already. */
  fail(why: Finding): void {
    const isLate = this.#onFailure === 'pause' && this.#ending !== undefined
    this.#ending = { why, next: isLate ? 'stop' : this.#onFailure }
  }

  /** Somebody outdoes what was to follow a failure; what nobody has wanted ends only what has no end yet. */
  stop(why: Finding): void {
    const isOpen = this.#ending === undefined || this.#ending.next === 'pause'
    if (isOpen || !BY_NOBODY.has(why.code)) this.#ending = { why, next: 'stop' }
  }

  /** Whoever promotes it accepts what has failed until now. */
  forgive(): void {
    this.#ending = undefined
  }
}
