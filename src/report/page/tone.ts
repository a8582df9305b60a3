import type { Outcome } from '../../model/event.ts'
import type { HostState } from '../../model/host-state.ts'

/** How a state is coloured, the worst first: that is the order of a page. */
export const TONES = ['worst', 'bad', 'back', 'idle', 'good', 'same'] as const

export type Tone = (typeof TONES)[number]

const OF_STATE: Readonly<Record<HostState, Tone>> = {
  stuck: 'worst',
  unknown: 'worst',
  'confirmed, not persisted': 'worst',
  failed: 'bad',
  unreachable: 'bad',
  reverted: 'back',
  refused: 'back',
  'not started': 'idle',
  persisted: 'good',
  unchanged: 'same',
}

/** A host that is as it should be by its state, and yet has an error, didn't pass a later look. */
export function toneOf(outcome: Outcome | undefined): Tone {
  if (!outcome) return 'idle'
  const tone = OF_STATE[outcome.state]
  return (tone === 'good' || tone === 'same') && outcome.finding?.severity === 'error' ? 'bad' : tone
}

export const toneOfState = (state: HostState): Tone => OF_STATE[state]
