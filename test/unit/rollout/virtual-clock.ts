/** A clock that stands until nothing else can happen, then goes to the next moment somebody sleeps for. */
export class VirtualClock {
  #now = 0
  #sleepers: { at: number; wake: () => void }[] = []

  now = () => this.#now

  wall = () => 1_700_000_000_000 + this.#now

  sleep = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>(wake => {
      // As real timers do: a little early.
      const early = signal && milliseconds > 1 ? 0.01 : 0
      const sleeper = { at: this.#now + milliseconds - early, wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(one => one !== sleeper)
        wake()
      })
    })

  get isAwaited(): boolean {
    return this.#sleepers.length > 0
  }

  /** Runs until `done` is settled or nobody sleeps any more. */
  async run<T>(done: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    void done.then(mark, mark)
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      if (isDone) return done
      this.#sleepers.sort((a, b) => a.at - b.at)
      const next = this.#sleepers.shift()
      if (!next) throw new Error('everybody waits for somebody else')
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
  }
}
