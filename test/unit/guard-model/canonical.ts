import { hear, onItsWay } from './controller.ts'
import { look } from './guard.ts'
import { guardAlive, isGoingBack, type State, type World } from './state.ts'

type Draft = { -readonly [Key in keyof State]: State[Key] }

/**
 * States that differ only in what nothing looks at any more are one state, or there would be a million of them.
 * A look at the state file is no step of its own, since what is done next checks it again, and neither is hearing
 * what can't have changed on its way. The draft is the result.
 */
export function canonical(draft: Draft, world: World): State {
  if (draft.answer !== '-' && !onItsWay(draft.answer)) Object.assign(draft, hear(draft, world))
  if (draft.at === 'see') Object.assign(draft, look(draft, world))
  forgetArming(draft)
  forgetReading(draft)
  if (isIdle(draft, world)) draft.stray = '-'
  return draft
}

function forgetArming(s: Draft): void {
  const begun = s.txn === 'ARMED' || s.txn === 'APPLYING'
  if (s.txn !== 'ARMED' && s.arm === '-' && s.controller !== 'arming') {
    s.session = 'gone'
    s.waitsFor = 'session'
    s.goSaid = false
    s.armedOver = false
  }
  if (s.waitsFor === 'go' && s.session === 'left') s.session = 'gone'
  if (s.arm !== 'asked') s.burnt = false
  if (s.arm === 'started' && s.controller !== 'arming' && !begun) s.arm = '-'
  if (s.txn !== 'APPLYING' && s.txn !== 'APPLIED') s.deadlineOver = false
  if (s.txn !== 'none' && s.txn !== 'ARMED' && s.txn !== 'DISARMED') s.attempt = 1
}

function forgetReading(s: Draft): void {
  if (s.controller === 'ended' || s.controller === 'dead') {
    s.attempt = 1
    s.answer = '-'
  }
  if (s.controller !== 'await') s.fresh = false
  if (s.controller !== 'look' && s.verdict !== 'unknown') s.read = 'early'
}

/** A command that nobody listens to and that has nothing to do any more. */
function isIdle(s: State, world: World): boolean {
  if (s.stray === 'persist wait') return true
  if (s.stray === 'persist') return s.persist !== '-' || s.txn !== 'CONFIRMED'
  if (s.stray === 'confirm') return s.txn !== 'APPLIED' && s.txn !== 'CONFIRMED'
  if (s.stray === 'confirm sure') return s.txn !== 'APPLIED' && world.flaw !== 'confirm writes'
  if (s.stray !== 'rollback') return false
  if (s.txn === 'ARMED' || s.txn === 'APPLYING' || s.txn === 'APPLIED') return false
  return !isGoingBack(s.txn) || guardAlive(s, world)
}
