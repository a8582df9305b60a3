import type { Parallel } from './course.ts'

/** The hosts of a stage: who waits, who is in flight, and who may start now. */
export class Runway {
  readonly #parallel: Parallel
  readonly #waiting = new Set<string>()
  readonly #flying = new Set<string>()
  readonly #ofGroup = new Map<string, number>()

  constructor(parallel: Parallel) {
    this.#parallel = parallel
  }

  line(hosts: readonly string[]): void {
    for (const host of hosts) this.#waiting.add(host)
  }

  /** Those that may start now, in their order; they are in flight from here on. */
  take(): readonly string[] {
    const taken: string[] = []
    for (const host of this.#waiting) {
      if (this.#flying.size >= this.#parallel.hosts) break
      if (!this.#hasRoom(host)) continue
      this.#waiting.delete(host)
      this.#flying.add(host)
      this.#count(host, 1)
      taken.push(host)
    }
    return taken
  }

  land(host: string): void {
    if (this.#flying.delete(host)) this.#count(host, -1)
  }

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Nobody is in flight. */
  get hasLanded(): boolean {
    return this.#flying.size === 0
  }

  get isClear(): boolean {
    return this.isEmpty && this.hasLanded
  }

  #hasRoom(host: string): boolean {
    const { groups, groupsOf } = this.#parallel
    return groupsOf(host).every(group => (this.#ofGroup.get(group) ?? 0) < (groups.get(group) ?? Infinity))
  }

  #count(host: string, by: number): void {
    for (const group of this.#parallel.groupsOf(host))
      if (this.#parallel.groups.has(group)) this.#ofGroup.set(group, (this.#ofGroup.get(group) ?? 0) + by)
  }
}
