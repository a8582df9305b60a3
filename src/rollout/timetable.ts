import type { Command, Course } from './course.ts'

/** The times of a course: when hosts may start, when all of it is up, how long a stage is soaked. `now` never goes back. */
export class Timetable {
  readonly #course: Course
  #soakedAt = Number.POSITIVE_INFINITY

  constructor(course: Course) {
    this.#course = course
  }

  /** Whatever comes of itself. `waits`: there is somebody to start, who may have to wait. */
  begin(now: number, waits: boolean): readonly Command[] {
    const { notBefore, notAfter, overdueAt } = this.#course
    const times = [notAfter, overdueAt].flatMap(at => (at !== undefined && at > now ? [at] : []))
    const wakes = times.map(at => ({ type: 'wake', at }) as const)
    if (notBefore === undefined || notBefore <= now) return wakes
    return [{ type: 'wake', at: notBefore, ...(waits ? { for: 'window' } : {}) }, ...wakes]
  }

  /** No host starts yet. */
  isEarly(now: number): boolean {
    return now < (this.#course.notBefore ?? now)
  }

  /** No host starts any more. */
  isClosed(now: number): boolean {
    return now >= (this.#course.notAfter ?? Number.POSITIVE_INFINITY)
  }

  /** The time of all of it is up. */
  isUp(now: number): boolean {
    return now >= (this.#course.overdueAt ?? Number.POSITIVE_INFINITY)
  }

  soak(now: number): readonly Command[] {
    this.#soakedAt = now + this.#course.soak
    return [{ type: 'wake', at: this.#soakedAt, for: 'soak' }]
  }

  isSoaked(now: number): boolean {
    return now >= this.#soakedAt
  }
}
