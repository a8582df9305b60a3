/** Time as it is passed in. Milliseconds throughout. */
export interface Clock {
  /** Monotonic. */
  now(): number
  /** Since the epoch; compared with `now` only to notice that the machine slept. */
  wall(): number
  /** Ends early, without an error, when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}
