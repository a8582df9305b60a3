import { isAwaited, standAside } from './former.ts'
import type { ArmAt } from './places.ts'
import {
  aliveIsHeld,
  canConnect,
  type Edge,
  edgesOf,
  guardAlive,
  isFinal,
  type State,
  type World,
} from './state.ts'

/* arm.sh: the verb of this controller, and what another controller's does with the lock that it finds. */

export const armSteps = (s: State, world: World): readonly Edge[] => STEPS[s.arm](s, world)

const { step, harm } = edgesOf('arm')

const refused = (s: State, world: World): Partial<State> => ({ ...giveUp(s, world), ...say(s, 'refused') })
const refuse = (what: string, s: State, world: World) => harm(what, refused(s, world))

const STEPS: Readonly<Record<ArmAt, (s: State, world: World) => readonly Edge[]>> = {
  '-': () => [],
  asked: (s, world) =>
    aliveIsHeld(s) || s.rival !== '-' || s.packages !== '-'
      ? []
      : [
          s.burnt
            ? step('finds its nonce burnt', { arm: '-', ...say(s, 'refused') })
            : step('makes the lock', { ...LOCKED, ...standAside(s, world) }),
          harm('is refused at once', { arm: '-', ...say(s, 'refused') }),
        ],
  locked: (s, world) => [
    step('writes whose the lock is', { arm: 'ready' }),
    refuse('finds the disk full', s, world),
  ],
  ready: (s, world) => (isAwaited(s, world) ? [] : begin(s, world)),
  made: (s, world) => [
    step('starts the guard', { arm: 'started', guard: 'coming' }),
    refuse('can not start the guard', s, world),
    harm('starts the guard and hears of a failure', {
      ...giveUp(s, world),
      ...say(s, 'refused'),
      guard: 'coming',
    }),
  ],
  started: s => [step('answers', { arm: '-', ...say(s, s.waitsFor === 'go' ? 'needs go' : 'armed') })],
}

/** Another generation on the disk than the one that was looked at: this change doesn't come after it. */
function begin(s: State, world: World): readonly Edge[] {
  if (s.former === 'stored') return [step('finds another generation', refused(s, world))]
  return [
    step('makes the state ARMED', { arm: 'made', txn: 'ARMED', waitsFor: findSession(s, world) }),
    refuse('finds other rules', s, world),
  ]
}

const say = (s: State, answer: State['answer']): Partial<State> =>
  s.controller === 'arming' ? { answer } : {}

const LOCKED: Partial<State> = {
  arm: 'locked',
  litter: false,
  txn: 'none',
  guard: 'none',
  stray: '-',
  armedOver: false,
  deadlineOver: false,
  goSaid: false,
}

const findSession = (s: State, { needsGo }: World) => (needsGo || s.session === 'gone' ? 'go' : 'session')

/** The trap: nothing that a guard may have begun on is taken from under it; one rename decides here too. */
export function giveUp(s: State, { flaw }: World): Partial<State> {
  const mayBeUsed = s.txn !== 'none' && s.txn !== 'ARMED' && s.txn !== 'DISARMED'
  if (mayBeUsed && flaw !== 'arm takes back') return { arm: '-' }
  return { arm: '-', txn: 'none' }
}

export function rivalSteps(s: State, world: World): readonly Edge[] {
  const rival = edgesOf('rival')
  if (s.rival === 'queue') {
    return aliveIsHeld(s)
      ? []
      : [rival.step('takes the lock of the dead', { rival: 'work', at: 'see', by: 'rival' })]
  }
  if (s.rival !== '-' || s.arm !== '-' || !canConnect(s, world)) return []
  if (s.litter) return [rival.may('removes a lock left over', { litter: false })]
  if (s.txn === 'none' || isFinal(s.txn) || guardAlive(s, world)) return []
  return [rival.may(`finishes ${s.txn} for the dead`, { txn: abandoned(s.txn), rival: 'queue' })]
}

const abandoned = (txn: State['txn']) =>
  txn === 'ARMED' ? 'DISARMED' : txn === 'APPLIED' ? 'ROLLING_BACK' : txn
