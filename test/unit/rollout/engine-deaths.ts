import type { Course } from '../../../src/rollout/course.ts'
import type { World } from './engine-world.ts'

/** The controller dies; this becomes of the hosts in flight. */
export interface Death {
  readonly type: 'died'
  readonly fates: readonly Fate[]
}

/** Deaths multiply the ways. */
const mostDeaths = ({ parallel, overdueAt, budget }: Course) =>
  parallel.hosts === 2 && overdueAt === undefined && budget.skipped === undefined ? 2 : 1

/** What a taking back owes is no engine's business. */
export function* deathsIn(world: World, course: Course): Generator<Death> {
  if (world.deaths >= mostDeaths(course) || world.isTakingBack) return
  for (const fates of fatesOf(world.flying)) yield { type: 'died', fates }
}

/** `not started`: its arming was cut off, and its turn comes again. */
const FATES = ['persisted', 'reverted', 'not started'] as const

type Fate = readonly [host: string, state: (typeof FATES)[number]]

function fatesOf([host, ...others]: readonly string[]): readonly (readonly Fate[])[] {
  if (host === undefined) return [[]]
  return fatesOf(others).flatMap(rest => FATES.map(state => [[host, state] as const, ...rest]))
}

/** What the next controller finds. */
export function left(world: World, { fates }: Death): World {
  return {
    ...world,
    settled: new Map([...world.settled, ...fates.filter(([, state]) => state !== 'not started')]),
    flying: [],
    wakes: [],
    question: 'open',
    isPaused: false,
    isChecking: false,
    isStopped: false,
    deaths: world.deaths + 1,
  }
}

/** As `planCourse` makes it of that. */
export function goingOn(course: Course, world: World): Course {
  const { settled, spoiled, accepted, stage, paused, isPromoted, isThrough: isChecked } = world
  const stageOf = (host: string) => course.stages.findIndex(hosts => hosts.includes(host))
  const hosts = [...settled].map(([host, state]) => ({
    host,
    state,
    stage: stageOf(host),
    isSpoiled: spoiled.includes(host),
    isAccepted: accepted.includes(host),
  }))
  const isAccepted = accepted.includes('before')
  const before = course.budget.before.map(state => ({ host: 'before', state, isAccepted }))
  return {
    ...course,
    stages: course.stages.map(stage => stage.filter(host => !settled.has(host))),
    budget: { ...course.budget, before: [] },
    past: { stage, isChecked, isPromoted, hosts: [...before, ...hosts], ...(paused ? { paused } : {}) },
  }
}
