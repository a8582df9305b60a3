import type { BlockState } from '../host/block-answer.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Answer } from './feeds.ts'

/** What became of one host: a host that blocks all that is wanted, now and after a boot, is `blocked`. */
export interface BlockOutcome {
  readonly host: string
  readonly state: 'blocked' | 'blocked, not persisted' | HostState
  /** Why, where there is something to say. */
  readonly finding?: Finding
  readonly answer?: Answered
}

/** The last that a host said of itself. */
export type Answered = BlockState &
  Partial<Pick<Answer, 'client' | 'killed' | 'unknown' | 'later' | 'refused' | 'live' | 'feeds'>>

export const isBlocking = ({ state }: Pick<BlockOutcome, 'state'>): boolean =>
  state === 'blocked' || state === 'blocked, not persisted'

/** All that happens while blocks are sent to hosts. */
export type BlockEvent =
  /** It is in force there, and read back. `after`: milliseconds since the command began. */
  | {
      readonly type: 'block-protected'
      readonly host: string
      readonly protected: number
      readonly hosts: number
      readonly after: number
    }
  /** A login that began after the block was in force got through: all others have their turn. */
  | { readonly type: 'block-proven'; readonly host: string; readonly after: number }
  /** It didn't answer, and is asked again after so many milliseconds. */
  | { readonly type: 'block-retry'; readonly host: string; readonly finding: Finding; readonly after: number }
  /** What it lacks is installed there. */
  | { readonly type: 'block-installing'; readonly host: string }
  | ({ readonly type: 'block-settled' } & BlockOutcome)
