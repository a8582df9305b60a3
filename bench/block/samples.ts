import type { Sample } from '../measure.ts'

/** One size, measured. */
export interface BlockRun {
  readonly hosts: number
  readonly rounds: number
  readonly cores: number
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  /** Seconds from the start until the first host was said to be protected, of each `fleet block`. */
  readonly firsts: readonly number[]
  /** The same on hosts that were never touched. */
  readonly firstUntouched: number
  readonly large?: Large
  readonly notes: readonly string[]
}

/** A long list. */
export interface Large {
  readonly entries: number
  /** Seconds, to one host: medians. */
  readonly restore: number
  readonly fleet: number
  /** Megabytes at the peak, to one host. */
  readonly peakOne: number
  /** To all hosts, once. */
  readonly all: Sample
}
