import type { Course, Past } from './course.ts'

/** Which stage it is in, whether that is through, and which one follows. */
export class Itinerary {
  readonly #stages: Course['stages']
  #stage = -1
  #isAmid = false

  constructor(stages: Course['stages']) {
    this.#stages = stages
  }

  /** From 0; -1 before the first. */
  get stage(): number {
    return this.#stage
  }

  /** Those of this stage that are to be changed. */
  get hosts(): readonly string[] {
    return this.#stages[this.#stage] ?? []
  }

  /** Whether something of this stage is still to come: hosts, soak, check. A promotion then leads on with it, and else to the next. */
  get isAmid(): boolean {
    return this.#isAmid
  }

  /** The next stage with a host that is to be changed; -1 where there is none. */
  get following(): number {
    return this.#stages.findIndex((hosts, at) => at > this.#stage && hosts.length > 0)
  }

  enter(stage: number): void {
    this.#stage = stage
    this.#isAmid = true
  }

  /** Its check is known. */
  leave(): void {
    this.#isAmid = false
  }

  /** What a controller that died has left stands where it stood. */
  recall({ stage, isChecked }: Past): void {
    this.#stage = stage
    this.#isAmid = stage >= 0 && (this.hosts.length > 0 || !isChecked)
  }
}
