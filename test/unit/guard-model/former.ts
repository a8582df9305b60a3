import { type Edge, edgesOf, type State, type World } from './state.ts'

/*
 * lock.sh: the change before this one, confirmed and not on the disk. Whoever comes may store it as long as it holds the
 * host: by its own lock, or without one once it stands aside and nobody else has the lock.
 */

const { step, harm } = edgesOf('former')

export function formerSteps(s: State, world: World): readonly Edge[] {
  if (s.former !== 'holds' && s.former !== 'aside') return []
  if (s.storing)
    return [
      step('is on the disk', { current4: 'OLD', current6: 'OLD', former: 'stored', storing: false }),
      harm('can not be stored, or who stores it is killed', { storing: false }),
    ]
  return ownsHost(s, world) ? [step('is begun to be stored', { storing: true })] : []
}

function ownsHost(s: State, { flaw }: World): boolean {
  if (s.former === 'holds') return true
  if (flaw === 'aside forgotten') return false
  return flaw === 'stored unasked' || !isLocked(s)
}

/** This change has the lock: from the link to its meta to its end. */
const isLocked = (s: State) =>
  ['ready', 'made', 'started'].includes(s.arm) || !['none', 'DISARMED', 'ROLLED_BACK'].includes(s.txn)

/** What `arm` makes of it when it makes a lock of its own: it may be needed still. */
export const standAside = (s: State, { flaw }: World): Partial<State> =>
  s.former === 'holds' ? { former: flaw === 'aside dropped' ? 'gone' : 'aside' } : {}

/** `await_persister`: who looked before the lock was made stores it yet. */
export const isAwaited = (s: State, { flaw }: World) => s.storing && flaw !== 'storing beside'
