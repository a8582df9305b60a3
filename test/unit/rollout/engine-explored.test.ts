import { strict as assert } from 'node:assert'
import { expect, it } from 'vitest'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Command, Course, EngineEvent } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'

/*
 * Every rollout of a small fleet, to its end: each host may end in any way, in any order; somebody may promote or stop
 * at any time; time may pass at any time; a check may find anything. The promises of engine.ts hold on every way.
 */

const STATES: readonly HostState[] = ['persisted', 'reverted', 'unreachable']
const FLEETS: readonly (readonly (readonly string[])[])[] = [
  [['a'], ['b', 'c']],
  [['a', 'b'], ['c']],
  [['a', 'b', 'c']],
]
const POLICIES: readonly Course['onFailure'][] = ['stop', 'pause', 'revert-stage', 'revert-all']

const ENDLESS: readonly Course[] = FLEETS.flatMap(stages =>
  POLICIES.flatMap(onFailure =>
    [0, 1].flatMap(failures =>
      [undefined, 0].flatMap(skipped =>
        [1, 2].map(hosts => ({
          stages,
          onFailure,
          budget: {
            failures,
            stageFailures: [],
            before: [],
            ...(skipped === undefined ? {} : { skipped }),
          },
          soak: hosts === 1 ? 10 : 0,
          checks: true,
          manual: skipped === undefined,
          parallel: { hosts, groups: new Map(), groupsOf: () => [] },
        })),
      ),
    ),
  ),
)

/** Once more with a time that may be up at any moment. */
const courses = [...ENDLESS, ...ENDLESS.map(course => ({ ...course, overdueAt: 10 }))]

/** What is seen from outside of a rollout on one of its ways. */
interface World {
  readonly flying: readonly string[]
  readonly settled: ReadonlyMap<string, HostState>
  readonly stage: number
  readonly time: number
  readonly isPaused: boolean
  /** The last stage whose check is known. */
  readonly checked: number
  /** Hosts that persisted, and didn't pass a check. */
  readonly spoiled: readonly string[]
  readonly isChecking: boolean
  readonly isTakingBack: boolean
  readonly isOver: boolean
  readonly isStopped: boolean
  readonly forgiven: number
}

const START: World = {
  flying: [],
  settled: new Map(),
  stage: -1,
  time: 0,
  isPaused: false,
  checked: -1,
  spoiled: [],
  isChecking: false,
  isTakingBack: false,
  isOver: false,
  isStopped: false,
  forgiven: 0,
}

const WHY = { code: 'operator', severity: 'error', args: {} } as const

/** Everything that may happen next. */
function* possible(world: World): Generator<EngineEvent> {
  for (const host of world.flying) for (const state of STATES) yield { type: 'settled', host, state }
  if (world.isChecking) {
    yield { type: 'checked', check: { failed: [] } }
    if (world.settled.get('a') === 'persisted') yield { type: 'checked', check: { failed: ['a'] } }
    yield { type: 'checked', check: { failed: [], inconclusive: WHY } }
  }
  if (world.isPaused) yield { type: 'promoted' }
  if (world.isTakingBack) yield { type: 'taken back' }
  yield { type: 'woken' }
  if (!world.isStopped) yield { type: 'stopped', why: WHY }
}

const failuresOf = (world: World, course: Course) =>
  world.spoiled.length +
  [...world.settled.values()].filter(
    state => state === 'reverted' || (state === 'unreachable' && course.budget.skipped === undefined),
  ).length

function isBroke(world: World, course: Course): boolean {
  const skipped = [...world.settled.values()].filter(state => state === 'unreachable').length
  return (
    failuresOf(world, course) - world.forgiven > course.budget.failures ||
    skipped > (course.budget.skipped ?? Number.POSITIVE_INFINITY)
  )
}

/** The world after an event and what the engine made of it; every promise is checked on the way. */
function after(world: World, event: EngineEvent, commands: readonly Command[], course: Course): World {
  let next = apply(world, event, course)
  for (const command of commands) {
    assert(!next.isOver, 'nothing comes after the end')
    next = obey(next, command, course)
  }
  return next
}

function apply(world: World, event: EngineEvent, course: Course): World {
  switch (event.type) {
    case 'settled':
      return {
        ...world,
        flying: world.flying.filter(host => host !== event.host),
        settled: new Map([...world.settled, [event.host, event.state]]),
      }
    case 'checked':
      return {
        ...world,
        isChecking: false,
        checked: world.stage,
        spoiled: [...new Set([...world.spoiled, ...event.check.failed])],
      }
    case 'promoted':
      return { ...world, isPaused: false, forgiven: failuresOf(world, course) }
    case 'woken':
      return { ...world, time: world.time + 10 }
    case 'stopped':
      return { ...world, isStopped: true }
    case 'begun':
    case 'taken back':
      return world
    default:
      return event satisfies never
  }
}

function obey(world: World, command: Command, course: Course): World {
  switch (command.type) {
    case 'stage': {
      assert(world.flying.length === 0, 'an earlier stage is settled')
      for (const host of course.stages.slice(0, command.stage).flat())
        assert(world.settled.has(host), 'every host of the earlier stages was started')
      assert(command.stage === world.stage + 1)
      return { ...world, stage: command.stage }
    }
    case 'start': {
      assert(course.stages[world.stage]?.includes(command.host))
      assert(![...world.flying, ...world.settled.keys()].includes(command.host), 'a host starts once')
      assert(
        world.time < (course.overdueAt ?? Number.POSITIVE_INFINITY),
        'nothing starts when the time is up',
      )
      assert(!(world.isStopped || world.isTakingBack || world.isPaused), 'nothing starts after a stop')
      if (course.budget.skipped === undefined) assert(!isBroke(world, course), 'the budget bears it')
      assert(world.flying.length < course.parallel.hosts)
      return { ...world, flying: [...world.flying, command.host] }
    }
    case 'take back':
      assert(world.flying.length === 0)
      for (const host of command.hosts) assert(world.settled.get(host) === 'persisted')
      return { ...world, isTakingBack: true }
    case 'pause':
      assert(world.flying.length === 0)
      return { ...world, isPaused: true }
    case 'check':
      assert(world.flying.length === 0)
      return { ...world, isChecking: true }
    case 'end':
      assert(world.flying.length === 0, 'nothing is left in flight')
      if (command.why?.code === 'budget-spent') assert(isBroke(world, course), 'the budget was spent')
      if (!command.why) assert(world.settled.size === course.stages.flat().length)
      return { ...world, isOver: true }
    case 'wake':
      return world
    default:
      return command satisfies never
  }
}

/** The same way once more, on an engine of its own. */
function replay(course: Course, events: readonly EngineEvent[]): World {
  const engine = new Engine(course)
  let world = after(START, { type: 'begun' }, engine.handle({ type: 'begun' }, 0), course)
  for (const event of events) {
    const now = event.type === 'woken' ? world.time + 10 : world.time
    world = after(world, event, engine.handle(event, now), course)
  }
  return world
}

/** Ways that lead to the same world go on in the same way. */
const keyOf = (world: World, { overdueAt }: Course) =>
  JSON.stringify({
    ...world,
    time: overdueAt !== undefined && world.time >= overdueAt,
    flying: world.flying.toSorted(),
    settled: [...world.settled].map(String).toSorted(),
  })

function explore(course: Course): number {
  const seen = new Set<string>()
  const open: (readonly EngineEvent[])[] = [[]]
  for (let events = open.pop(); events; events = open.pop()) {
    const world = replay(course, events)
    const key = keyOf(world, course)
    if (seen.has(key)) continue
    seen.add(key)
    if (world.isOver) continue
    // Time that passes twice is time that passes.
    const next = [...possible(world)].filter(
      ({ type }) => type !== 'woken' || events?.at(-1)?.type !== 'woken',
    )
    assert(next.length > 0, 'it can always go on')
    for (const event of next) open.push([...events, event])
  }
  return seen.size
}

it('keeps its promises on every way of a small fleet', { timeout: 60_000 }, () => {
  const worlds = courses.reduce((sum, course) => sum + explore(course), 0)
  expect(worlds).toBeGreaterThan(1000)
})

it('ends once it is stopped and what is in flight has settled', () => {
  for (const course of courses) {
    for (const host of ['a', 'b']) {
      const engine = new Engine(course)
      const flying = new Set<string>()
      let isOver = false
      const hear = (commands: readonly Command[]) => {
        for (const command of commands) {
          if (command.type === 'start') flying.add(command.host)
          if (command.type === 'end') isOver = true
          if (command.type === 'check') hear(engine.handle({ type: 'checked', check: { failed: [] } }, 0))
        }
      }
      hear(engine.handle({ type: 'begun' }, 0))
      if (flying.delete(host)) hear(engine.handle({ type: 'settled', host, state: 'persisted' }, 0))
      hear(engine.handle({ type: 'stopped', why: WHY }, 0))
      for (const one of flying) hear(engine.handle({ type: 'settled', host: one, state: 'persisted' }, 0))
      expect(isOver).toBe(true)
    }
  }
})
