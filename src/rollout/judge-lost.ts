import type { Untransacted } from './armed.ts'

/** What a host stands on that doesn't know its change, or doesn't any more. */
export interface Standing {
  /** Somebody is at work there. */
  readonly isBusy: boolean
  /** What a boot loads. */
  readonly boots: 'wanted' | 'before' | 'half removed' | 'other'
  /** What is in force. Both, where the change changes no rule. */
  readonly live: { readonly wanted: boolean; readonly before: boolean }
}

const FINAL: ReadonlySet<string> = new Set(['DISARMED', 'ROLLED_BACK', 'PERSISTED', ''])

/** A guard that lives or isn't done. A lock without a state was left by an arm that died before it had one. */
export function isAtWork(guard: { readonly alive: boolean; readonly state: string } | undefined): boolean {
  return guard !== undefined && (guard.alive || !FINAL.has(guard.state.split('-', 1)[0] ?? ''))
}

/** Neither disk nor rules are believed alone: a boot may have loaded nothing of a disk that is as it should be. */
export function judgeLost({ isBusy, boots, live }: Standing): Untransacted['is'] {
  if (isBusy) return 'under way'
  if (boots === 'half removed') return boots
  if (boots === 'other' || !live[boots]) return 'different'
  return boots === 'wanted' ? 'as wanted' : 'as before'
}
