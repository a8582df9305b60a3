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

/** Neither disk nor rules are believed alone: a boot may have loaded nothing of a disk that is as it should be. */
export function judgeLost({ isBusy, boots, live }: Standing): Untransacted['is'] {
  if (isBusy) return 'under way'
  if (boots === 'half removed') return boots
  if (boots === 'other' || !live[boots]) return 'different'
  return boots === 'wanted' ? 'as wanted' : 'as before'
}
