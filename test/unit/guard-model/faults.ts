import { giveUp } from './arm.ts'
import { leftOf } from './controller.ts'
import { booted4, booted6, type Edge, edgesOf, type State, type World } from './state.ts'

/* What nobody does: time that passes, and all that dies, fails or is lost, at any moment. */

export const timeSteps = (s: State): readonly Edge[] => {
  const { step } = edgesOf('time')
  return [
    ...(s.txn === 'ARMED' && !s.armedOver ? [step('30 s armed are over', { armedOver: true })] : []),
    ...((s.txn === 'APPLYING' || s.txn === 'APPLIED') && !s.deadlineOver
      ? [step('T is over', { deadlineOver: true })]
      : []),
  ]
}

export const faults = (s: State, world: World): readonly Edge[] => [
  ...networkFaults(s, world),
  ...killedVerbs(s, world),
  ...killedGuard(s, world),
  // What is on no disk is lost with the power: that is said as long as it stands.
  ...(s.boots === 0 && !world.over ? powerLoss(s) : []),
]

const WAITING: readonly State['controller'][] = [
  'arming',
  'go',
  'await',
  'confirm',
  'rollback',
  'observe',
  'burn',
]

function networkFaults(s: State, world: World): Edge[] {
  const { harm, may } = edgesOf('network')
  const { controller } = s
  const over = controller === 'ended' || controller === 'dead'
  const lost = {
    controller: 'look',
    read: 'nothing',
    answer: '-',
    session: leftOf(s),
    ...strayed(s),
  } as const
  const wrong = { ...lost, controller: 'ended', verdict: 'reverted' } as const
  return [
    ...(s.session === 'left' ? [may("the session's sshd is gone", { session: 'gone' })] : []),
    ...(s.session === 'open'
      ? [harm('sshd dies', { ...(controller === 'arming' ? lost : {}), session: 'gone' })]
      : []),
    ...(WAITING.includes(controller)
      ? [
          harm(
            'the connection is lost',
            controller === 'confirm' && world.flaw === 'lost is reverted' ? wrong : lost,
          ),
        ]
      : []),
    ...(over
      ? []
      : [harm('the controller is killed', { ...lost, controller: 'dead', read: 'early', fresh: false })]),
    ...(controller === 'go'
      ? [harm('can not connect to say go', { controller: 'ended', verdict: 'unreachable' })]
      : []),
    ...(s.arm === 'asked' ? [harm('the request to arm is lost', { arm: '-' })] : []),
  ]
}

/** A command whose connection is lost runs on; one such is kept, an older one or a younger one is taken as killed. */
function strayed(s: State): Partial<State> {
  if (s.verb === '-') return {}
  if (s.stray !== '-' && s.verb !== 'rollback work') return { verb: '-' }
  const work = s.stray === 'rollback work'
  return {
    verb: '-',
    stray: s.verb,
    ...(s.by === 'verb' ? { by: 'stray' } : work ? { at: '-', by: '-' } : {}),
  }
}

function killedVerbs(s: State, world: World): Edge[] {
  const { harm } = edgesOf('kill')
  const slots = (['verb', 'stray'] as const).filter(slot => s[slot] !== '-')
  return [
    ...slots.map(slot =>
      harm(`kills the ${slot} at ${s[slot]}`, {
        [slot]: '-',
        ...(s.by === slot ? { at: '-', by: '-' } : {}),
      }),
    ),
    ...(s.arm === '-' || s.arm === 'asked'
      ? []
      : [
          harm('kills arm', { arm: '-', litter: s.arm === 'ready' }),
          harm('terminates arm', giveUp(s, world)),
        ]),
    ...(s.rival === '-'
      ? []
      : [harm('kills the rival', { rival: '-', ...(s.by === 'rival' ? { at: '-', by: '-' } : {}) })]),
  ]
}

const LOADS: Partial<Record<State['at'], State['orphan']>> = {
  do4: 'do4',
  'do4 half': 'do4',
  do6: 'do6',
  undo4: 'undo4',
  undo6: 'undo6',
}

function killedGuard(s: State, { supervisor, flaw }: World): Edge[] {
  const { harm } = edgesOf('kill')
  const after = s.supervised && flaw !== 'not restarted' ? 'coming' : 'lost'
  const dead = { at: '-', by: '-', guard: after } as const
  const orphan = LOADS[s.at]
  const loop = supervisor === 'loop' && s.supervised && (s.guard === 'coming' || s.guard === 'working')
  return [
    ...(s.by === 'guard' ? [harm(`kills the guard at ${s.at}`, dead)] : []),
    // Told to stop, it is killed after a minute, and not started again.
    ...(supervisor === 'systemd' && (s.by === 'guard' || s.guard === 'coming')
      ? [
          harm('stops the unit for good', {
            ...(s.by === 'guard' ? dead : {}),
            guard: 'lost',
            supervised: false,
          }),
        ]
      : []),
    ...(s.by === 'guard' && orphan
      ? [harm(`kills the guard, not its load, at ${s.at}`, { ...dead, orphan })]
      : []),
    ...(loop
      ? [
          harm('kills the loop around the guard', {
            supervised: false,
            guard: s.guard === 'coming' ? 'lost' : s.guard,
          }),
        ]
      : []),
  ]
}

function powerLoss(s: State): Edge[] {
  const { harm } = edgesOf('power')
  const lost = (what: Partial<State>) =>
    harm('is lost with what was not synced, and the host boots', boot({ ...s, ...what }))
  return [
    harm('is lost, and the host boots', boot(s)),
    // What is said of a host before that is no less true for it.
    ...(isOver(s) ? [] : [harm('is lost, and the host boots nothing, loudly', { ...boot(s), ...OPEN })]),
    ...(s.synced ? [] : [lost({ current4: 'OLD', current6: 'OLD' })]),
    ...(s.unit === 'enabled' ? [lost({ unit: 'off' })] : []),
  ]
}

const OPEN: Partial<State> = { live4: 'NONE', live6: 'NONE' }

const isOver = ({ controller }: State) => controller === 'ended' || controller === 'dead'

function boot(s: State): Partial<State> {
  const over = isOver(s)
  return {
    current4: s.current4,
    current6: s.current6,
    unit: s.unit === 'enabled' ? 'on' : s.unit,
    packages: '-',
    synced: true,
    boots: s.boots + 1,
    live4: booted4(s),
    live6: booted6(s),
    txn: 'none',
    litter: false,
    burnt: false,
    session: 'gone',
    waitsFor: 'session',
    goSaid: false,
    armedOver: false,
    deadlineOver: false,
    at: '-',
    by: '-',
    guard: 'none',
    orphan: '-',
    arm: '-',
    persist: '-',
    verb: '-',
    stray: '-',
    rival: '-',
    ...(over ? {} : { controller: 'look', read: 'nothing', answer: '-', fresh: false }),
  }
}
