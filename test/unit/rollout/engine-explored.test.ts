import { strict as assert } from 'node:assert'
import { expect, it } from 'vitest'
import type { Command, Course, EngineEvent } from '../../../src/rollout/course.ts'
import { Engine } from '../../../src/rollout/engine.ts'
import { COURSES } from './engine-courses.ts'
import { goingOn, left } from './engine-deaths.ts'
import { after, comingTo, type Move, possible, START, WHY, type World } from './engine-world.ts'

/*
 * Every rollout of a small fleet, to its end: each host may end in any way, in any order; somebody may promote or stop
 * at any time; time may pass at any time; a check may find anything; its controller may die once or twice, and another goes
 * on with what each host in flight came to.
 * The promises of engine.ts hold on every way, and every way ends by what is on its way.
 */

interface Way {
  readonly engine: Engine
  readonly world: World
}

/** The same way once more, on an engine of its own. */
function replay(course: Course, events: readonly Move[]): Way {
  let way = begin(course, course, START)
  for (const event of events) {
    if (event.type === 'died') {
      const world = left(way.world, event)
      way = begin(course, goingOn(course, world), world)
    } else way = follow(way, event, course, way.world.time + (event.type === 'woken' ? 10 : 0))
  }
  return way
}

const begin = (course: Course, of: Course, world: World): Way =>
  follow({ engine: new Engine(of), world }, { type: 'begun' }, course, world.time)

const follow = ({ engine, world }: Way, event: EngineEvent, course: Course, time: number): Way => ({
  engine,
  world: after(world, event, engine.handle(event, time), course, time),
})

/** More than any of these takes to its end. */
const STEPS = 50

/** Where nothing else happens than what is on its way, and somebody promotes what is paused, it ends. */
function assertEnds(from: Way, course: Course): void {
  let way = from
  for (let step = 0; !way.world.isOver; step++) {
    const coming = comingTo(way.world)
    assert(coming, 'it waits, and nothing is on its way')
    assert(step < STEPS, 'it goes on for ever')
    way = follow(way, coming.event, course, coming.at)
  }
}

/** Ways that lead to the same world go on in the same way. */
const keyOf = (world: World, { overdueAt, notBefore, notAfter }: Course) =>
  JSON.stringify({
    ...world,
    time: [overdueAt, notBefore, notAfter].map(at => at !== undefined && world.time >= at),
    wakes: world.wakes.map(at => at - world.time),
    flying: world.flying.toSorted(),
    settled: [...world.settled].map(String).toSorted(),
  })

function explore(course: Course): number {
  const seen = new Set<string>()
  const open: (readonly Move[])[] = [[]]
  for (let events = open.pop(); events; events = open.pop()) {
    const way = replay(course, events)
    const { world } = way
    const key = keyOf(world, course)
    if (seen.has(key)) continue
    seen.add(key)
    if (world.isOver) continue
    // Time that passes twice is time that passes, unless something comes of it.
    const isStill = events.at(-1)?.type === 'woken' && world.wakes.length === 0
    const next = [...possible(world, course)].filter(({ type }) => type !== 'woken' || !isStill)
    for (const event of next) open.push([...events, event])
    assertEnds(way, course)
  }
  return seen.size
}

it('keeps its promises on every way of a small fleet', { timeout: 180_000 }, () => {
  const worlds = COURSES.reduce((sum, course) => sum + explore(course), 0)
  expect(worlds).toBeGreaterThan(1000)
})

it('ends once it is stopped and what is in flight has settled', () => {
  for (const course of COURSES) {
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
