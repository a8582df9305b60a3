import type { Clock } from '../../../src/model/clock.ts'

/**
 * A clock for what also waits for the disk: it goes on to the next moment somebody sleeps for once no file is being
 * worked on.
 */
export class IdleClock implements Clock {
  readonly #began: number
  #now = 0
  #sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor(began: Date) {
    this.#began = began.getTime()
  }

  now = () => this.#now

  wall = () => this.#began + this.#now

  sleep = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>(resolve => {
      const sleeper = { at: this.#now + milliseconds, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(one => one !== sleeper)
        resolve()
      })
    })

  async run<T>(done: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    void done.then(mark, mark)
    let quiet = 0
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      if (isDone) return done
      quiet = isBusy() ? 0 : quiet + 1
      if (quiet <= QUIET) continue
      this.#goOn()
      quiet = 0
    }
  }

  #goOn(): void {
    this.#sleepers.sort((a, b) => a.at - b.at)
    const next = this.#sleepers.shift()
    this.#now = Math.max(this.#now, next?.at ?? 0)
    next?.wake()
  }
}

/** Turns in which nothing was on its way: what a file has answered may be about to ask for the next. */
const QUIET = 3

const isBusy = () => process.getActiveResourcesInfo().some(name => /^(FS|File)/.test(name))
