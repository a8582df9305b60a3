import type { GuardAt } from './places.ts'
import { aliveIsHeld, type Edge, edgesOf, isGoingBack, type State, type World } from './state.ts'

/*
 * guard.sh: `guard_until_final` by whoever holds the lock on `alive`: the guard itself, the verb `rollback` for
 * a dead one, another controller's `arm` that takes over. A rename of the state is one step, taken only from the
 * state that it names.
 */

type Step = (s: State, world: World) => readonly Edge[]

export function guardSteps(s: State, world: World): readonly Edge[] {
  return [...lifeSteps(s, world), ...orphanSteps(s), ...STEPS[s.at](s, world)]
}

const { step, harm } = edgesOf('guard')

function lifeSteps(s: State, { flaw }: World): Edge[] {
  const held = flaw === 'orphan ignored' ? s.at !== '-' : aliveIsHeld(s)
  if (s.guard !== 'coming' || held) return []
  return [
    edgesOf('supervisor').step('the guard starts and takes its lock', {
      guard: 'working',
      at: 'see',
      by: 'guard',
    }),
  ]
}

function orphanSteps(s: State): Edge[] {
  if (s.orphan === '-') return []
  const live = s.orphan.startsWith('do') ? 'NEW' : 'OLD'
  const change = s.orphan.endsWith('4') ? ({ live4: live } as const) : ({ live6: live } as const)
  const left = edgesOf('orphan')
  return [
    left.step(`the load left behind ends: ${s.orphan}`, { ...change, orphan: '-' }),
    left.harm('the load left behind fails', { orphan: '-' }),
  ]
}

/** What whoever looks at the state does next; each of it checks again by the rename that it begins or ends with. */
export function look(s: State, { flaw }: World): Partial<State> {
  if (s.txn === 'APPLYING') {
    return flaw === 'do again' ? { at: 'do4', did: s.did + 1 } : { at: 'undo4', txn: 'ROLLING_BACK' }
  }
  const at = WORK[s.txn]
  return at ? { at } : { at: '-', by: '-', ...leave(s) }
}

const WORK: Partial<Record<State['txn'], GuardAt>> = {
  ARMED: 'session',
  APPLIED: 'window',
  ROLLING_BACK: 'undo4',
  STUCK: 'undo4',
  CONFIRMED: 'finish',
}

const see: Step = (s, world) => [step(`sees ${s.txn}`, look(s, world))]

/** What becomes of the process that ends its work. */
function leave(s: State): Partial<State> {
  if (s.by === 'guard') return { guard: 'none' }
  if (s.by === 'rival') return { rival: '-' }
  return s.by === '-' ? {} : { [s.by]: 'rollback' }
}

const session: Step = (s, { flaw }) => {
  if (s.txn !== 'ARMED') return [step('is not armed any more', { at: 'see' })]
  const gone = s.goSaid || (s.waitsFor === 'session' && s.session === 'gone')
  const early = s.session === 'open' || (s.waitsFor === 'session' && s.session !== 'gone')
  const apply = step('renames ARMED to APPLYING', {
    txn: 'APPLYING',
    at: 'do4',
    did: s.did + 1,
    tooEarly: early,
  })
  return [
    ...(gone || flaw === 'early apply' ? [apply] : []),
    ...(s.armedOver && flaw !== 'armed for ever'
      ? [step('renames ARMED to DISARMED', { txn: 'DISARMED', at: 'see' })]
      : []),
    harm('is terminated: ARMED to DISARMED', { txn: 'DISARMED', at: 'see' }),
  ]
}

/** `become APPLYING ROLLING_BACK`, unless somebody did that already. */
const failed = (s: State): Partial<State> => ({
  at: 'see',
  ...(s.txn === 'APPLYING' ? { txn: 'ROLLING_BACK' } : {}),
})

const apply4: Step = s => {
  return [
    step('loads the first tables of v4', { live4: 'PART', at: 'do4 half' }),
    harm('v4 does not load', { ...failed(s) }),
  ]
}

const apply4Half: Step = s => {
  const then = s.txn === 'APPLYING' ? ({ at: 'do6' } as const) : failed(s)
  return [step('loads v4', { live4: 'NEW', ...then }), harm('v4 loads by half', { ...failed(s) })]
}

const apply6: Step = (s, { flaw }) => {
  const goesOn = flaw === 'apply unread' ? ({ at: 'mark' } as const) : failed(s)
  return [
    step('loads v6', { live6: 'NEW', at: 'mark' }),
    harm('v6 loads by half', { live6: 'PART', ...goesOn }),
    harm('v6 does not load', goesOn),
  ]
}

const mark: Step = s => {
  if (s.txn !== 'APPLYING') return [step('is asked back', { ...failed(s) })]
  return [
    step('renames APPLYING to APPLIED', { txn: 'APPLIED', at: 'window' }),
    harm('reads other rules back', { ...failed(s) }),
  ]
}

const window: Step = (s, { flaw }) => {
  if (s.txn !== 'APPLIED') return [step('is not applied any more', { at: 'see' })]
  if (flaw === 'deadline writes') return s.deadlineOver ? [step('sees that time is up', { at: 'late' })] : []
  return [
    ...(s.deadlineOver ? [step('renames APPLIED to ROLLING_BACK: time is up', goBack)] : []),
    harm('is terminated: APPLIED to ROLLING_BACK', goBack),
  ]
}

const goBack = { txn: 'ROLLING_BACK', at: 'see' } as const

const late: Step = () => [step('writes ROLLING_BACK', goBack)]

const undo =
  (live: 'live4' | 'live6'): Step =>
  (s, { flaw }) => {
    const next = live === 'live4' ? ({ at: 'undo6' } as const) : rolledBack(s, flaw)
    if (s[live] === 'OLD') return [step(`reads ${live} back: old`, next)]
    const fails = flaw === 'rollback unread' ? next : {}
    return [
      step(`undoes ${live}`, { [live]: 'OLD' }),
      harm(`undoes ${live} by half`, { [live]: 'PART', ...fails }),
      ...(s.txn === 'ROLLING_BACK' ? [harm('fails five times', { txn: 'STUCK' })] : []),
    ]
  }

function rolledBack(s: State, flaw: World['flaw']): Partial<State> {
  if (s.live4 !== 'OLD' && flaw !== 'rollback unread') return { at: 'undo4' }
  if (!isGoingBack(s.txn)) return { at: 'see' }
  return { txn: 'ROLLED_BACK', rolledBack: true, at: 'see' }
}

const finish: Step = s => {
  if (s.txn !== 'CONFIRMED') return [step('has nothing to persist', { at: 'see' })]
  return s.persist === '-' ? [step('persists for the dead', { persist: 'begin', at: 'finishing' })] : []
}

const finishing: Step = s => {
  if (s.persist !== '-') return []
  return [
    step('looks what became of it', { at: 'finish' }),
    ...(s.txn === 'CONFIRMED' ? [harm('gives up persisting', { at: '-', by: '-', ...leave(s) })] : []),
  ]
}

const STEPS: Readonly<Record<GuardAt, Step>> = {
  '-': () => [],
  see,
  session,
  do4: apply4,
  'do4 half': apply4Half,
  do6: apply6,
  mark,
  window,
  late,
  undo4: undo('live4'),
  undo6: undo('live6'),
  finish,
  finishing,
}
