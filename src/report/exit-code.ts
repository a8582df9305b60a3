import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { HostPlan } from '../plan/host-plan.ts'

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

/** What a run ends with: the worst of its hosts, and 3 at least where something (`why`) ended it early. */
export function exitCodeOf(
  outcomes: readonly Pick<Outcome, 'state' | 'finding'>[],
  why?: Finding,
): 0 | 3 | 4 {
  return outcomes.reduce<0 | 3 | 4>(
    (worst, outcome) => {
      const code = codeOf(outcome)
      return code > worst ? code : worst
    },
    why ? 3 : 0,
  )
}

/** A host that persisted and didn't pass its check afterwards isn't done. */
function codeOf({ state, finding }: Pick<Outcome, 'state' | 'finding'>): 0 | 3 | 4 {
  return CODES[state] === 0 && finding?.severity === 'error' ? 3 : CODES[state]
}

const PLANNED: Readonly<Record<HostPlan['verdict'], 0 | 2 | 3>> = { unchanged: 0, change: 2, refused: 3 }

/** What a look at the hosts ends with: 2 where something is pending, 3 where a host can't be changed or looked at. */
export function exitCodeOfPlans(
  plans: readonly Pick<HostPlan, 'verdict' | 'isBehind'>[],
  failed: readonly Pick<Outcome, 'state'>[],
): 0 | 2 | 3 | 4 {
  const codes = [exitCodeOf(failed), ...plans.map(codeOfPlan)]
  return codes.reduce((worst, code) => (code > worst ? code : worst), 0)
}

const codeOfPlan = ({ verdict, isBehind }: Pick<HostPlan, 'verdict' | 'isBehind'>) =>
  isBehind && verdict === 'unchanged' ? PLANNED.change : PLANNED[verdict]
