import type { VerbAt } from './places.ts'
import {
  type Answer,
  aliveIsHeld,
  type Edge,
  edgesOf,
  guardAlive,
  isAtWork,
  isGoingBack,
  isWithinLimit,
  liveIs,
  type Slot,
  type State,
  type World,
} from './state.ts'

/* confirm.sh: `confirm` and `rollback`. */

export const verbSteps = (s: State, world: World, slot: Slot): readonly Edge[] =>
  VERBS[s[slot]](s, world, slot)

const VERBS: Readonly<Record<VerbAt, (s: State, world: World, slot: Slot) => readonly Edge[]>> = {
  '-': () => [],
  confirm: (s, world, slot) => [beginConfirm(s, world, slot)],
  'confirm sure': (s, world, slot) => [endConfirm(s, world, slot)],
  persist: (s, _, slot) =>
    s.persist === '-' ? [edgesOf(slot).step('persists', { persist: 'begin', [slot]: 'persist wait' })] : [],
  'persist wait': (s, { flaw }, slot) => {
    const isPersisted = s.txn === 'PERSISTED' || flaw === 'persisted unread'
    return s.persist === '-' ? [answer(slot, isPersisted ? 'persisted' : 'not persisted')] : []
  },
  rollback,
  'rollback queue': (s, _, slot) =>
    aliveIsHeld(s)
      ? []
      : [edgesOf(slot).step('rolls back for the dead', { at: 'see', by: slot, [slot]: 'rollback work' })],
  'rollback work': () => [],
}

function beginConfirm(s: State, world: World, slot: Slot): Edge {
  const { step } = edgesOf(slot)
  const { flaw } = world
  if (s.txn === 'APPLIED') {
    if (!liveIs(s, 'NEW') && flaw !== 'apply unread') return answer(slot, 'changed')
    const persist = flaw === 'persist first' && s.persist === '-' ? ({ persist: 'adopt' } as const) : {}
    return step('finds APPLIED and the wanted rules', { [slot]: 'confirm sure', ...persist })
  }
  if (s.txn === 'CONFIRMED') return step('was confirmed already', { [slot]: 'persist' })
  return s.txn === 'PERSISTED' ? answer(slot, 'persisted') : answerState(s, world, slot)
}

function endConfirm(s: State, world: World, slot: Slot): Edge {
  if (s.txn !== 'APPLIED' && world.flaw !== 'confirm writes') return answerState(s, world, slot)
  return edgesOf(slot).step('renames APPLIED to CONFIRMED', {
    txn: 'CONFIRMED',
    confirmed: true,
    [slot]: 'persist',
  })
}

function rollback(s: State, world: World, slot: Slot): Edge[] {
  const { step } = edgesOf(slot)
  if (s.txn === 'ARMED') return [step('renames ARMED to DISARMED', { txn: 'DISARMED' })]
  if (s.txn === 'APPLYING' || s.txn === 'APPLIED')
    return [step(`renames ${s.txn} to ROLLING_BACK`, { txn: 'ROLLING_BACK' })]
  if (s.txn === 'none') return burn(s, world, slot)
  if (!isGoingBack(s.txn)) return [answerState(s, world, slot)]
  return guardAlive(s, world)
    ? [answerState(s, world, slot)]
    : [step('finds nobody rolling back', { [slot]: 'rollback queue' })]
}

/** Alone with `arm`: one that has begun is waited for, one that comes later is refused. */
function burn(s: State, { flaw }: World, slot: Slot): Edge[] {
  const arms = s.arm === 'locked' || s.arm === 'ready' || s.arm === 'made'
  if (!arms || flaw === 'burnt beside') return [answer(slot, 'unknown nonce', { burnt: !arms })]
  const busy = answer(slot, flaw === 'busy is burnt' ? 'unknown nonce' : 'under way')
  return [{ ...busy, kind: 'harm', what: `waits too long: ${busy.what}` }]
}

export const answerState = (s: State, world: World, slot: Slot) =>
  answer(slot, s.txn === 'none' ? 'unknown nonce' : s.txn, { read: readNow(s, world) })

function readNow(s: State, world: World): State['read'] {
  if (isWithinLimit(s)) return 'early'
  return isGoingBack(s.txn) && isAtWork(s, world) ? 'slow' : 'dead'
}

function answer(slot: Slot, answer: Answer, more: Partial<State> = {}): Edge {
  const { step } = edgesOf(slot)
  if (slot === 'stray') return step(`answers nobody: ${answer}`, { stray: '-' })
  return step(`answers ${answer}`, { ...more, verb: '-', answer })
}
