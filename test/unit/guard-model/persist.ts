import type { PersistAt } from './places.ts'
import { type Edge, edgesOf, type State, type World } from './state.ts'

/*
 * generation.sh: from confirmed to booting. Who persists holds the lock on `persisting`; it may end at any line of it,
 * and is begun again from the start.
 */

const { step, harm } = edgesOf('persist')

export function persistSteps(s: State, { flaw }: World): readonly Edge[] {
  if (s.persist === '-') return []
  const [what, change, next] = PERSIST[s.persist](s, flaw)
  return [
    step(what, { ...change, persist: next }),
    harm('fails or is killed while persisting', { persist: '-' }),
  ]
}

type PersistStep = readonly [what: string, change: Partial<State>, next: PersistAt]

const PERSIST: Readonly<Record<PersistAt, (s: State, flaw: World['flaw']) => PersistStep>> = {
  '-': () => ['does nothing', {}, '-'],
  begin: (s, flaw) => [
    'begins',
    flaw === 'enabled first' ? { unit: 'on' } : {},
    s.txn === 'CONFIRMED' ? firstStep(s, flaw) : '-',
  ],
  adopt: (s, flaw) => {
    const after = flaw === 'links last' ? 'mark' : 'program'
    return ['makes a file a link', { links: s.links + 1 }, s.links === 0 ? 'adopt' : after]
  },
  program: (s, flaw) =>
    flaw === 'plugins once' && s.program
      ? ['has the program already', {}, 'flip']
      : ['stores the program', { program: true }, 'plugins'],
  plugins: () => ['stores the plugins', { plugins: true }, 'flip'],
  flip: (s, flaw) => {
    if (s.current6 === 'NEW')
      return ['has the generation current', {}, flaw === 'sync once' ? 'mark' : 'sync']
    if (flaw === 'two renames') return ['makes v4 current', { current4: 'NEW', synced: false }, 'flip6']
    return ['makes the generation current', { current4: 'NEW', current6: 'NEW', synced: false }, 'sync']
  },
  flip6: () => ['makes v6 current', { current6: 'NEW' }, 'sync'],
  sync: (s, flaw) => ['syncs', { synced: true }, flaw === 'links last' ? 'adopt' : afterSync(s, flaw)],
  enable: (_, flaw) => [
    'rehearses the boot and enables the unit',
    { unit: 'enabled' },
    flaw === 'unit not synced' ? 'mark' : 'sync unit',
  ],
  'sync unit': () => ['syncs the link of the unit', { unit: 'on' }, 'mark'],
  mark: s =>
    s.txn === 'CONFIRMED'
      ? ['renames CONFIRMED to PERSISTED', { txn: 'PERSISTED', ...supersede(s) }, '-']
      : ['finds no CONFIRMED to rename', {}, '-'],
}

function firstStep(s: State, flaw: World['flaw']): PersistAt {
  if (flaw === 'links last') return 'flip'
  if (s.links < 2) return 'adopt'
  return s.plugins ? 'flip' : 'program'
}

const afterSync = (s: State, flaw: World['flaw']): PersistAt =>
  s.unit === 'on' || flaw === 'never enabled' ? 'mark' : 'enable'

const supersede = (s: State): Partial<State> => (s.former === 'aside' ? { former: 'gone' } : {})
