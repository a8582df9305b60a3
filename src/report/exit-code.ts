import type { Outcome } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'

/** 0: nothing left to do. 3: not done, but known and safe. 4: unknown, or not safe across a reboot. */
const CODES: Readonly<Record<HostState, 0 | 3 | 4>> = {
  unchanged: 0,
  persisted: 0,
  reverted: 3,
  refused: 3,
  failed: 3,
  unreachable: 3,
  'not started': 3,
  'confirmed, not persisted': 4,
  stuck: 4,
  unknown: 4,
}

/** What a run ends with: the worst of its hosts. */
export function exitCodeOf(outcomes: readonly Pick<Outcome, 'state'>[]): 0 | 3 | 4 {
  return outcomes.reduce<0 | 3 | 4>((worst, { state }) => (CODES[state] > worst ? CODES[state] : worst), 0)
}
