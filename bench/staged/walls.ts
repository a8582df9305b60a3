/** Seconds of each round. */
export interface Walls {
  /** `fleet apply`, one stage, and several. */
  readonly one: number[]
  readonly staged: number[]
  /** `fleet plan`, and the same with `--list-hosts`, which contacts nobody. */
  readonly plan: number[]
  readonly list: number[]
}
