import { readFileSync } from 'node:fs'
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
  #lastCpu = ownTime()
  #wall = 0
  #cpu = 0

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY)
  }

  #look(): void {
    const now = performance.now()
    const wall = now - this.#last - EVERY
    const cpu = Math.min(wall, ownTime() - this.#lastCpu)
    this.#wall = Math.max(this.#wall, wall)
    this.#cpu = Math.max(this.#cpu, cpu)
    if (wall > LONG) this.#long.push([this.#last - this.#began, wall, cpu])
    this.#last = now
    this.#lastCpu = ownTime()
  }

  end(): Stalls {
    clearInterval(this.#timer)
    this.#look()
    return { wall: this.#wall, cpu: this.#cpu, long: this.#long }
  }
}

/**
 * Milliseconds of CPU that the thread of the event loop has had (proc(5): of a process that is its first one), without
 * those of V8's helpers, which run beside it.
 */
function ownTime(): number {
  const [nanoseconds] = readFileSync('/proc/self/schedstat', 'utf8').split(' ')
  return Number(nanoseconds) / 1e6
}
