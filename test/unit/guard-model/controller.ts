import type { ControllerAt } from './places.ts'
import {
  type Answer,
  canConnect,
  diskIs,
  type Edge,
  edgesOf,
  isFinal,
  isWithinLimit,
  liveIs,
  type State,
  type World,
} from './state.ts'
import { answerState } from './verbs.ts'

/* apply-host.ts and settle.ts, with what the host does at once for them (`go`, `await`, `observe`). */

const { step, may } = edgesOf('controller')

export function controllerSteps(s: State, world: World): readonly Edge[] {
  return s.answer === '-' ? STEPS[s.controller](s, world) : [step(`hears ${s.answer}`, hear(s, world))]
}

const unanswered = (s: State) =>
  step('sees the command end without an answer', { controller: 'look', read: 'nothing', session: leftOf(s) })

const STEPS: Readonly<Record<ControllerAt, (s: State, world: World) => readonly Edge[]>> = {
  arming: s => (s.arm === '-' ? [unanswered(s)] : []),
  go: (s, world) =>
    canConnect(s, world)
      ? [step('says go over a new connection', { goSaid: s.txn !== 'none', controller: 'look' })]
      : [],
  look: (s, world) => {
    const open = canConnect(s, world)
    return [
      ...(open ? [step('connects', { controller: 'await', fresh: s.txn === 'APPLIED' })] : []),
      ...(open && s.live4 !== 'PART' ? [] : [may('can not connect', { read: 'nothing' })]),
      ...(s.read !== 'early' && !isWithinLimit(s) ? [step('gives up', end('unknown'))] : []),
    ]
  },
  await: awaitSteps,
  observe: (s, world) => [step('observes', { answer: seen(s, world) })],
  confirm: s => (s.verb === '-' ? [unanswered(s)] : []),
  rollback: s => (s.verb === '-' ? [unanswered(s)] : []),
  burn: s => (s.verb === '-' ? [unanswered(s)] : []),
  ended: () => [],
  dead: () => [],
}

/** The session that arms, when the controller's end of it is closed. */
export const leftOf = (s: State) => (s.session === 'open' ? 'left' : s.session)

const end = (verdict: State['verdict']): Partial<State> => ({ controller: 'ended', verdict })
const ask = (verb: 'confirm' | 'rollback'): Partial<State> => ({ controller: verb, verb })

/** The host keeps its answer back as long as something is to come. */
function awaitSteps(s: State, world: World): Edge[] {
  if (s.txn === 'APPLIED') {
    if (!s.fresh && world.flaw !== 'stale confirms')
      return [step('hears APPLIED, too late', { controller: 'look', read: 'early' })]
    return [
      step('hears APPLIED in time', ask('confirm')),
      step('hears APPLIED with little time left', ask('rollback')),
    ]
  }
  const { what, change } = answerState(s, world, 'verb')
  return [isWithinLimit(s) ? may(what, change) : step(what, change)]
}

/** `judge-lost.ts`, where the host doesn't know the transaction: disk and rules must tell the same. */
function seen(s: State, { flaw }: World): Answer {
  const begun = s.arm === 'ready' || (s.txn !== 'none' && !isFinal(s.txn))
  const busy = flaw === 'lock believed' ? s.litter || begun : s.arm === 'locked' || begun
  if (busy) return 'under way'
  const booted = s.boots > 0
  const stands = (side: 'OLD' | 'NEW') => liveIs(s, side) || flaw === 'disk believed'
  if (stands('OLD') && !diskIs(s, 'NEW')) return booted ? 'as before, booted' : 'as before'
  return booted && stands('NEW') && diskIs(s, 'NEW') && flaw !== 'booted is lost'
    ? 'as wanted, booted'
    : 'different'
}

/** Answers that can be on their way for long; of the others, what they tell can't change meanwhile, or is asked again. */
export const onItsWay = (answer: Answer) =>
  ['armed', 'needs go', 'refused', 'persisted', 'not persisted'].includes(answer)

export function hear(s: State, world: World): Partial<State> {
  return { answer: '-', ...reaction(s, world) }
}

function reaction(s: State, { flaw }: World): Partial<State> {
  if (s.answer === 'armed') return { controller: 'look', session: leftOf(s) }
  if (s.answer === 'needs go') return { controller: 'go', session: leftOf(s) }
  if (s.answer === 'unknown nonce') return s.controller === 'burn' ? end('failed') : { controller: 'observe' }
  if (s.answer === 'as before')
    return flaw === 'not burnt' ? end('failed') : { controller: 'burn', verb: 'rollback' }
  if (s.controller === 'burn' && flaw === 'burn unheard') return end('failed')
  if (s.answer === 'under way') return { controller: 'look', read: s.litter ? 'dead' : 'early' }
  if (s.answer === 'CONFIRMED' || s.answer === 'PERSISTED') return ask('confirm')
  if (s.answer === 'changed') return ask('rollback')
  if (s.answer === 'DISARMED') return s.attempt === 1 || flaw === 'tries for ever' ? again : end('failed')
  if (!UNDER_WAY.includes(s.answer)) return end(VERDICTS[s.answer] ?? 'unknown')
  // Who was about to confirm has time for another look.
  if (s.controller === 'confirm') return { controller: 'look', read: 'early' }
  // What nobody has worked on within its time is finished by asking for the rollback.
  const isLeft = s.read !== 'early' && s.controller === 'await' && flaw !== 'dead left alone'
  return isLeft ? ask('rollback') : { controller: 'look' }
}

const UNDER_WAY: readonly Answer[] = ['ARMED', 'APPLYING', 'ROLLING_BACK']

/** A new nonce: the host doesn't know it, whatever it knows of the first. */
const again: Partial<State> = {
  controller: 'arming',
  attempt: 2,
  arm: 'asked',
  session: 'open',
  txn: 'none',
  verb: '-',
  stray: '-',
  burnt: false,
  read: 'early',
}

const VERDICTS: Partial<Record<Answer, State['verdict']>> = {
  refused: 'refused',
  persisted: 'persisted',
  'not persisted': 'confirmed, not persisted',
  ROLLED_BACK: 'reverted',
  STUCK: 'stuck',
  'as before, booted': 'reverted',
  'as wanted, booted': 'persisted',
}
