import type { Finding } from './finding.ts'
import type { HostState } from './host-state.ts'

/** One run as a journal tells it. */
export interface RunSummary {
  readonly run: string
  readonly who: string
  readonly command: string
  readonly inventory: readonly string[]
  /** ISO 8601. */
  readonly since: string
  /** Milliseconds that somebody worked on it: what lies between a death and a resume doesn't count. */
  readonly took: number
  /** `died`: it has no end, and nobody is at it. */
  readonly is: 'ended' | 'going on' | 'paused' | 'died'
  /** Of what it waits for, why its hosts are taken back, or why it ended early. */
  readonly why?: Finding
  readonly hosts: number
  readonly states: Readonly<Partial<Record<HostState, number>>>
}

const NAME = /^\d{8}-\d{6}(-\w*)?$/

/** Whether a word is the name of a run, or was to be one: nobody calls an inventory so. */
export const isRunName = (word: string): boolean => NAME.test(word)
