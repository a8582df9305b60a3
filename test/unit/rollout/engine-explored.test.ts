import { strict as assert } from 'node:assert'
import { expect, it } from 'vitest'
import type { Command, Course } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'
import { goingOn, left } from './engine-deaths.ts'
import { after, type Move, possible, START, WHY, type World } from './engine-world.ts'

/*
 * Every rollout of a small fleet, to its end: each host may end in any way, in any order; somebody may promote or stop
 * at any time; time may pass at any time; a check may find anything; its controller may die once or twice, and another goes
 * on with what each host in flight came to.
 * The promises of engine.ts hold on every way.
 */

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
            stageFailures: failures === 1 ? [0, 1] : [],
            before: failures === 1 && hosts === 2 ? ['reverted'] : [],
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

/** The same way once more, on an engine of its own. */
function replay(course: Course, events: readonly Move[]): World {
  let engine = new Engine(course)
  let world = after(START, { type: 'begun' }, engine.handle({ type: 'begun' }, 0), course)
  for (const event of events) {
    if (event.type === 'died') {
      world = left(world, event)
      engine = new Engine(goingOn(course, world))
      world = after(world, { type: 'begun' }, engine.handle({ type: 'begun' }, world.time), course)
      continue
    }
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
  const open: (readonly Move[])[] = [[]]
  for (let events = open.pop(); events; events = open.pop()) {
    const world = replay(course, events)
    const key = keyOf(world, course)
    if (seen.has(key)) continue
    seen.add(key)
    if (world.isOver) continue
    // Time that passes twice is time that passes.
    const next = [...possible(world, course)].filter(
      ({ type }) => type !== 'woken' || events?.at(-1)?.type !== 'woken',
    )
    assert(next.length > 0, 'it can always go on')
    for (const event of next) open.push([...events, event])
  }
  return seen.size
}

it('keeps its promises on every way of a small fleet', { timeout: 180_000 }, () => {
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
