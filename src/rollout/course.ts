import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'

/** What a rollout is to do, decided before it begins. Times are on the monotonic clock of whoever drives it. */
export interface Course {
  /** Hosts by stage, in the order in which they start. */
  readonly stages: readonly (readonly string[])[]
  readonly budget: Budget
  /** Milliseconds to wait after a stage before its hosts are looked at again. */
  readonly soak: number
  /** Whether the hosts of a stage are checked at its end: gates, and whether they are still as they were left. */
  readonly checks: boolean
  /** Something is asked before the first host starts, once the window is open. */
  readonly asks?: boolean
  /** Somebody has to let each stage but the first begin. */
  readonly manual: boolean
  readonly onFailure: 'stop' | 'pause' | 'revert-stage' | 'revert-all'
  readonly parallel: Parallel
  /** No host starts before, and none after. */
  readonly notBefore?: number
  readonly notAfter?: number
  /** By then all of it should be done: as a stop, but what follows a failure still follows. */
  readonly overdueAt?: number
  /** The last stage is of hosts that had no place when the others were frozen. */
  readonly hasLate?: boolean
  /** How far an earlier process came with it; `stages` has only hosts that are still to be changed. */
  readonly past?: Past
}

/** Where a rollout stood when its controller died. */
export interface Past extends Standing {
  readonly hosts: readonly (PastHost & { readonly stage?: number })[]
}

/** The stage that began last, from 0; -1 where none had. */
export interface Standing {
  readonly stage: number
  /** Its check is known, or it waited for its promotion. */
  readonly isChecked: boolean
  readonly isPromoted: boolean
  /** It waited for somebody, who hasn't said anything. */
  readonly paused?: Finding
}

/** What became of a host then. */
export interface PastHost {
  readonly host: string
  readonly state: HostState
  /** It persisted, and didn't pass its check. */
  readonly isSpoiled?: boolean
  /** Somebody has promoted the rollout since. */
  readonly isAccepted?: boolean
}

/** What it bears. One more and it fails; `Infinity` bears all. */
export interface Budget {
  readonly failures: number
  /** In each stage. */
  readonly stageFailures: readonly number[]
  /** Unreachable hosts that are passed over; without it they are failures like any other. */
  readonly skipped?: number
  /** Spent before it began, and in no stage: hosts that could not be looked at, or are refused. */
  readonly before: readonly HostState[]
}

/** How many hosts are in flight at once: in all, and of each group. */
export interface Parallel {
  readonly hosts: number
  readonly groups: ReadonlyMap<string, number>
  readonly groupsOf: (host: string) => readonly string[]
}

/** What the check of a stage has found. */
export interface Check {
  /** Hosts that don't pass any more. */
  readonly failed: readonly string[]
  /** What can't be said: somebody has to decide. */
  readonly inconclusive?: Finding
  /** What is wrong with no single host. */
  readonly broken?: Finding
}

export type EngineEvent =
  | { readonly type: 'begun' }
  | { readonly type: 'asked' }
  | { readonly type: 'settled'; readonly host: string; readonly state: HostState }
  | { readonly type: 'checked'; readonly check: Check }
  | { readonly type: 'woken' }
  | { readonly type: 'promoted' }
  | { readonly type: 'stopped'; readonly why: Finding }
  | { readonly type: 'taken back' }

export type Command =
  | { readonly type: 'ask' }
  | { readonly type: 'stage'; readonly stage: number }
  | { readonly type: 'start'; readonly host: string }
  /** `for`: what is waited for until then, where nothing else is done. */
  | { readonly type: 'wake'; readonly at: number; readonly for?: 'window' | 'soak' }
  /** Hosts that persisted: of this stage, and of those before. */
  | {
      readonly type: 'check'
      readonly stage: number
      readonly hosts: readonly string[]
      readonly earlier: readonly string[]
    }
  | { readonly type: 'pause'; readonly why: Finding }
  | { readonly type: 'take back'; readonly hosts: readonly string[]; readonly why: Finding }
  /** Without a reason: all stages are done. */
  | { readonly type: 'end'; readonly why?: Finding }
