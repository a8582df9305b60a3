import { describe, expect, it } from 'vitest'
import { findEndless } from './endings.ts'
import { explore, type Node, trace } from './explore.ts'
import { FLAWS } from './flaws.ts'
import { broken } from './invariants.ts'
import { bootedOpen, liveIs, type State, type World } from './state.ts'
import { WORLDS } from './worlds.ts'

/** What is wrong first, and a shortest way to it, a line a step. */
function judge(nodes: readonly Node[], world: World): readonly string[] {
  for (const node of nodes) {
    const invariant = broken(node.state, world)
    if (invariant) return [invariant, ...trace(node)]
  }
  const endless = findEndless(nodes)
  return endless ? [endless.why, ...trace(endless.node)] : []
}

const explored = new Map<string, readonly Node[]>()

function statesOf(name: keyof typeof WORLDS): readonly Node[] {
  const nodes = explored.get(name) ?? explore(WORLDS[name])
  explored.set(name, nodes)
  return nodes
}

const findWrong = (world: World) =>
  judge(
    explore(world, state => broken(state, world) !== undefined),
    world,
  )

/** States without which a world that keeps every invariant would prove nothing. */
const REACHED: readonly { name: keyof typeof WORLDS; reached: readonly ((s: State) => boolean)[] }[] = [
  {
    name: 'a first change',
    reached: [
      s => s.verdict === 'persisted' && s.links === 2 && s.plugins,
      s => s.links === 1 && s.boots > 0,
    ],
  },
  {
    name: 'a first change that installs',
    reached: [
      s => s.verdict === 'persisted' && s.unit === 'on',
      s => s.unit === 'masked' && s.boots > 0,
      s => s.unit === 'enabled' && s.txn === 'CONFIRMED',
    ],
  },
  {
    name: 'a later change',
    reached: [
      s => s.verdict === 'persisted' && s.boots > 0,
      s => s.verdict === 'unknown' && bootedOpen(s),
      s => s.verdict === 'reverted' && s.boots === 0,
      s => s.verdict === 'confirmed, not persisted',
      s => s.verdict === 'failed',
      s => s.txn === 'CONFIRMED' && s.guard === 'none' && s.controller === 'dead',
      s => !s.supervised && s.guard === 'lost' && s.verdict === 'reverted',
      s => s.stray === 'confirm sure' && s.verb === 'rollback',
      s => s.orphan === 'do4' && s.guard === 'coming' && s.txn === 'ROLLING_BACK',
    ],
  },
  {
    name: 'a change that locks out',
    reached: [s => s.verdict === 'reverted', s => s.verdict === 'unknown', s => s.verdict === 'stuck'],
  },
  {
    name: 'a change whose go is said',
    reached: [s => s.verdict === 'persisted', s => s.verdict === 'unreachable'],
  },
  {
    name: 'a change over one that is not on disk',
    reached: [
      s => s.former === 'stored' && s.verdict === 'reverted' && s.did === 1,
      s => s.former === 'stored' && s.txn === 'DISARMED',
      s => s.former === 'gone' && s.verdict === 'persisted',
      s => s.former === 'aside' && s.storing && s.txn === 'ROLLED_BACK',
    ],
  },
  {
    name: 'no systemd',
    reached: [
      s => s.by === 'rival',
      s => s.by === 'verb',
      s => s.guard === 'lost' && s.verdict === 'persisted',
    ],
  },
  {
    name: 'no systemd, a change that locks out',
    reached: [s => s.guard === 'lost' && s.txn === 'ROLLED_BACK'],
  },
]

const LONG = 120_000

describe('guard and controller, whatever dies or is lost at any step', { timeout: LONG }, () => {
  it.each(REACHED)('keep every invariant and end: $name', ({ name, reached }) => {
    const nodes = statesOf(name)
    expect(judge(nodes, WORLDS[name])).toEqual([])
    const missed = reached.filter(isThere => !nodes.some(({ state }) => isThere(state)))
    expect(missed.map(String)).toEqual([])
  })

  it('stay locked out only where nobody starts a killed guard again, and there until the next boot', () => {
    const nodes = statesOf('no systemd, a change that locks out')
    const standing = nodes.filter(({ edges }) => !edges.some(({ edge }) => edge.kind === 'step'))
    const outside = standing.filter(({ state }) => state.live4 === 'NEW')
    expect(outside.length).toBeGreaterThan(0)
    for (const { state, edges } of outside) {
      expect(state).toMatchObject({ guard: 'lost', supervised: false, boots: 0 })
      const booted = edges.filter(({ edge }) => edge.actor === 'power').map(({ to }) => to.state)
      const whole = booted.filter(after => !bootedOpen(after))
      expect(whole.map(after => liveIs(after, 'OLD'))).toEqual([true])
    }
  })
})

describe('a protocol with a flaw', { timeout: LONG }, () => {
  it.each(FLAWS)('is found out: %s', (flaw, breaks, world) => {
    expect(findWrong({ ...WORLDS[world], flaw })[0]).toBe(breaks)
  })

  it('is told by a shortest way to it', () => {
    expect(findWrong({ ...WORLDS['a later change'], flaw: 'early apply' })).toEqual([
      'nothing applied before the arming session is gone',
      'begins',
      'arm: makes the lock  [arm=locked]',
      'arm: writes whose the lock is  [arm=ready]',
      'arm: makes the state ARMED  [txn=ARMED arm=made]',
      'arm: starts the guard  [guard=coming arm=started]',
      'supervisor: the guard starts and takes its lock  [at=session by=guard guard=working]',
      'guard: renames ARMED to APPLYING  [txn=APPLYING at=do4 did=1 tooEarly=true]',
    ])
  })
})
