import type { Finding } from './finding.ts'
import type { HostState } from './host-state.ts'

/** When somebody who isn't looking is told of a run. */
export const HOOK_EVENTS = ['start', 'stage', 'pause', 'failure', 'end'] as const

export type HookEvent = (typeof HOOK_EVENTS)[number]

export type Said = Finding & { readonly message: string }

/** What a hook gets; docs/json.md is the schema. */
export interface Notice {
  readonly event: HookEvent
  readonly run: string
  readonly who: string
  readonly command: string
  readonly inventory: readonly string[]
  /** ISO 8601. */
  readonly at: string
  /** The stage that is under way: its number from 1, how many there are, its hosts. */
  readonly stage?: { readonly number: number; readonly of: number; readonly hosts: number }
  readonly states: Readonly<Partial<Record<HostState, number>>>
  /** How many hosts failed, and the first of them. */
  readonly failed: number
  readonly failing: readonly { readonly host: string; readonly state: HostState; readonly finding?: Said }[]
  readonly why?: Said
}
