import { bootedOpen, diskIs, isGoingBack, liveIs, type State, type World } from './state.ts'

/*
 * What must hold in every state. A state keeps the verdict that was given and what happened, so "once it was said"
 * and "never again" are covered by it.
 */

/** The disk as it was, or as it was to be before this change began. */
const diskIsOld = (s: State) => diskIs(s, 'OLD') || diskIs(s, 'OLDER')
const isOld = (s: State) => liveIs(s, 'OLD') && diskIsOld(s)

const VERDICTS: Readonly<Record<State['verdict'], (s: State) => boolean>> = {
  '-': () => true,
  persisted: s =>
    s.confirmed && !s.rolledBack && liveIs(s, 'NEW') && diskIs(s, 'NEW') && s.synced && s.plugins,
  'confirmed, not persisted': s => s.confirmed && !s.rolledBack && !isGoingBack(s.txn),
  reverted: isOld,
  refused: isOld,
  failed: isOld,
  unreachable: isOld,
  stuck: s => !s.confirmed && diskIsOld(s),
  unknown: s => s.read === 'nothing' || s.read === 'slow' || bootedOpen(s),
}

const INVARIANTS: Readonly<Record<string, (s: State, world: World) => boolean>> = {
  'rules come into force by the guard or by a boot': s => s.did > 0 || s.boots > 0 || liveIs(s, 'OLD'),
  'never both confirmed and rolled back': s => !(s.confirmed && (s.rolledBack || isGoingBack(s.txn))),
  'nothing on disk that was not confirmed': s => s.confirmed || diskIsOld(s),
  'a boot loads one generation, both families of it': s => diskIsOld(s) || diskIs(s, 'NEW'),
  'rules that lock out are never confirmed': (s, world) => !(world.locksOut && s.confirmed),
  'new rules are undone, confirmed or booted': s =>
    s.txn !== 'none' || liveIs(s, 'OLD') || diskIs(s, 'NEW') || bootedOpen(s),
  'applied at most once': s => s.did <= 1,
  'nothing applied before the arming session is gone': s => !s.tooEarly,
  'confirmed are the wanted rules, whole': s =>
    (s.txn !== 'CONFIRMED' && s.txn !== 'PERSISTED') || liveIs(s, 'NEW'),
  'persisted is on the disk, safe, and boots': s =>
    s.txn !== 'PERSISTED' || (diskIs(s, 'NEW') && s.synced && s.plugins && s.unit === 'on'),
  'rolled back and disarmed are the old rules, whole': s =>
    (s.txn !== 'ROLLED_BACK' && s.txn !== 'DISARMED') || isOld(s),
  'what was confirmed can be stored until something else is confirmed': s =>
    s.confirmed || s.former !== 'gone',
  'the verdict is true': s => VERDICTS[s.verdict](s),
}

const ALL = Object.entries(INVARIANTS)

/** The first invariant that a state breaks. */
export const broken = (s: State, world: World): string | undefined =>
  ALL.find(([, holds]) => !holds(s, world))?.[0]
