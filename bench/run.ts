import type { Sample } from './measure.ts'

/** The samples of one size, by contestant. */
export interface Run {
  readonly hosts: number
  readonly rounds: number
  readonly cores: number
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  readonly notes: readonly string[]
}
