import type { Stalls } from './figures.ts'

/** Milliseconds. */
const EVERY = 10
const LONG = 50

/** Watches by a timer how long the event loop stands still. */
export class StallWatch {
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #long: [number, number, number][] = []
  #last = this.#began
  #lastCpu = process.cpuUsage()
  #wall = 0
  #cpu = 0

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY)
  }

  #look(): void {
    const now = performance.now()
    const { user, system } = process.cpuUsage(this.#lastCpu)
    const wall = now - this.#last - EVERY
    const cpu = Math.min(wall, (user + system) / 1000)
    this.#wall = Math.max(this.#wall, wall)
    this.#cpu = Math.max(this.#cpu, cpu)
    if (wall > LONG) this.#long.push([this.#last - this.#began, wall, cpu])
    this.#last = now
    this.#lastCpu = process.cpuUsage()
  }

  end(): Stalls {
    clearInterval(this.#timer)
    this.#look()
    return { wall: this.#wall, cpu: this.#cpu, long: this.#long }
  }
}
