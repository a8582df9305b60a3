import { strict as assert } from 'node:assert'
import type { Finding } from '../../../src/model/finding.ts'
import type { HostState } from '../../../src/model/host-state.ts'
import type { Command, Course, EngineEvent } from '../../../src/rollout/course.ts'
import { finding } from '../events.ts'
import { type Death, deathsIn } from './engine-deaths.ts'
import { assertOpen, assertRoom, isLate } from './engine-room.ts'

const STATES: readonly HostState[] = ['persisted', 'reverted', 'unreachable']

/** What is seen from outside of a rollout on one of its ways. */
export interface World {
  readonly flying: readonly string[]
  readonly settled: ReadonlyMap<string, HostState>
  readonly stage: number
  readonly time: number
  /** Moments at which it is to be woken. */
  readonly wakes: readonly number[]
  /** What is asked before the first host starts, by the controller that lives. */
  readonly question: 'open' | 'asked' | 'answered'
  readonly isPaused: boolean
  /** The last stage whose check is known. */
  readonly checked: number
  /** Hosts that persisted, and didn't pass a check. */
  readonly spoiled: readonly string[]
  readonly isChecking: boolean
  readonly isTakingBack: boolean
  readonly isOver: boolean
  readonly isStopped: boolean
  /** Failures that somebody has accepted, and hosts passed over. */
  readonly forgiven: number
  readonly passed: number
  /** What the journal says: what it waits for, whether its stage is through with its check, who was accepted. */
  readonly paused?: Finding | undefined
  readonly isThrough: boolean
  readonly isPromoted: boolean
  readonly accepted: readonly string[]
  readonly deaths: number
}

export const START: World = {
  flying: [],
  settled: new Map(),
  stage: -1,
  time: 0,
  wakes: [],
  question: 'open',
  isPaused: false,
  checked: -1,
  spoiled: [],
  isChecking: false,
  isTakingBack: false,
  isOver: false,
  isStopped: false,
  forgiven: 0,
  passed: 0,
  isThrough: false,
  isPromoted: false,
  accepted: [],
  deaths: 0,
}

export type Move = EngineEvent | Death

export const WHY = finding('operator')

/** Everything that may happen next. */
export function* possible(world: World, course: Course): Generator<Move> {
  for (const host of world.flying) for (const state of STATES) yield { type: 'settled', host, state }
  if (world.question === 'asked') yield { type: 'asked' }
  if (world.isChecking) {
    yield { type: 'checked', check: { failed: [] } }
    if (world.settled.get('a') === 'persisted') yield { type: 'checked', check: { failed: ['a'] } }
    yield { type: 'checked', check: { failed: [], inconclusive: WHY } }
  }
  if (world.isPaused) yield { type: 'promoted' }
  if (world.isTakingBack) yield { type: 'taken back' }
  yield { type: 'woken' }
  if (!world.isStopped) yield { type: 'stopped', why: WHY }
  yield* deathsIn(world, course)
}

const failuresOf = (world: World, course: Course) =>
  course.budget.before.length +
  world.spoiled.length +
  [...world.settled.values()].filter(
    state => state === 'reverted' || (state === 'unreachable' && course.budget.skipped === undefined),
  ).length

const skippedOf = ({ settled }: World, { budget }: Course) =>
  budget.skipped === undefined ? 0 : [...settled.values()].filter(state => state === 'unreachable').length

const hasFailed = (world: World, course: Course) =>
  failuresOf(world, course) - world.forgiven > course.budget.failures

const hasSkipped = (world: World, course: Course) =>
  skippedOf(world, course) - world.passed > (course.budget.skipped ?? 0)

const isBroke = (world: World, course: Course) => hasFailed(world, course) || hasSkipped(world, course)

/** Of a stage in which nobody has accepted anything: what failed before it began is none of its failures. */
function isStageBroke({ settled, stage, accepted }: World, { stages, budget }: Course): boolean {
  const failed = (stages[stage] ?? []).filter(host => settled.get(host) === 'reverted')
  return accepted.length === 0 && failed.length > (budget.stageFailures[stage] ?? Number.POSITIVE_INFINITY)
}

/** What comes of itself, or by somebody who promotes it, wherever it stands; undefined where nothing is on its way. */
export function comingTo(world: World): { readonly event: EngineEvent; readonly at: number } | undefined {
  const [host] = world.flying
  const at = world.time
  if (host !== undefined) return { event: { type: 'settled', host, state: 'persisted' }, at }
  if (world.question === 'asked') return { event: { type: 'asked' }, at }
  if (world.isChecking) return { event: { type: 'checked', check: { failed: [] } }, at }
  if (world.isTakingBack) return { event: { type: 'taken back' }, at }
  if (world.isPaused) return { event: { type: 'promoted' }, at }
  return world.wakes.length > 0 ? { event: { type: 'woken' }, at: Math.min(...world.wakes) } : undefined
}

/** The world after an event and what the engine made of it; every promise is checked on the way. */
export function after(
  world: World,
  event: EngineEvent,
  commands: readonly Command[],
  course: Course,
  time = world.time,
): World {
  const wakes = world.wakes.filter(at => at > time)
  let next = apply({ ...world, time, wakes }, event, course)
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
        accepted: world.accepted.filter(
          host => world.spoiled.includes(host) || !event.check.failed.includes(host),
        ),
      }
    case 'promoted':
      return {
        ...world,
        isPaused: false,
        paused: undefined,
        forgiven: failuresOf(world, course),
        passed: skippedOf(world, course),
        isPromoted: true,
        accepted: [...world.settled.keys(), ...BEFORE],
      }
    case 'asked':
      return { ...world, question: 'answered' }
    case 'stopped':
      return { ...world, isStopped: true }
    case 'woken':
    case 'begun':
    case 'taken back':
      return world
    default:
      return event satisfies never
  }
}

function obey(world: World, command: Command, course: Course): World {
  if (['stage', 'start', 'check'].includes(command.type)) assert(!world.paused, 'it is promoted first')
  switch (command.type) {
    case 'ask':
      assert(course.asks && world.question === 'open' && world.time >= (course.notBefore ?? 0))
      return { ...world, question: 'asked' }
    case 'stage': {
      assert(world.flying.length === 0, 'an earlier stage is settled')
      for (const host of course.stages.slice(0, command.stage).flat())
        assert(world.settled.has(host), 'every host of the earlier stages was started')
      if (world.deaths > 0 && command.stage === world.stage) return world
      assert(command.stage === world.stage + 1)
      const isFirst = command.stage === 0
      assert(isFirst || !course.manual || world.isPromoted, 'somebody has let it begin')
      assert(isFirst || !course.checks || world.checked === world.stage, 'the one before was checked')
      return { ...world, stage: command.stage, isThrough: false, isPromoted: false }
    }
    case 'start': {
      assert(course.stages[world.stage]?.includes(command.host))
      assertOpen(world, course)
      assert(!course.asks || world.question === 'answered', 'what it is judged by is known')
      assertRoom(world, command.host, course)
      assert(![...world.flying, ...world.settled.keys()].includes(command.host), 'a host starts once')
      assert(world.time < (course.overdueAt ?? Number.POSITIVE_INFINITY), 'its time is not up')
      assert(!(world.isStopped || world.isTakingBack || world.isPaused), 'nothing starts after a stop')
      assert(!isBroke(world, course), 'the budget bears it')
      assert(!isStageBroke(world, course), 'the budget of the stage bears it')
      return { ...world, flying: [...world.flying, command.host] }
    }
    case 'take back':
      assert(world.flying.length === 0)
      for (const host of command.hosts) assert(world.settled.get(host) === 'persisted')
      assert(command.hosts.length === standing(world, course))
      return { ...world, isTakingBack: true }
    case 'pause':
      assert(world.flying.length === 0)
      if (command.why.code === 'budget-spent') assert(hasFailed(world, course), 'nobody is asked twice')
      if (command.why.code === 'too-many-skipped') assert(hasSkipped(world, course), 'nobody is asked twice')
      return {
        ...world,
        isPaused: true,
        paused: command.why,
        isPromoted: false,
        isThrough: command.why.code === 'wants-promotion' || world.checked === world.stage,
      }
    case 'check':
      assert(world.flying.length === 0)
      return { ...world, isChecking: true }
    case 'end':
      assert(world.flying.length === 0, 'nothing is left in flight')
      if (command.why?.code === 'budget-spent') assert(hasFailed(world, course), 'the budget was spent')
      if (command.why?.code === 'too-many-skipped') assert(hasSkipped(world, course), 'too many passed')
      if (command.why?.code === 'window-over') assert(isLate(world, course), 'somebody came too late')
      if (FAILED.has(command.why?.code ?? '')) assert(world.isTakingBack || standing(world, course) === 0)
      if (!command.why) assert(world.settled.size === course.stages.flat().length)
      return { ...world, isOver: true }
    case 'wake':
      assert(command.at > world.time, 'what is over is waited for by nobody')
      return { ...world, wakes: [...new Set([...world.wakes, command.at])].toSorted((a, b) => a - b) }
    default:
      return command satisfies never
  }
}

const BEFORE = ['before']

const FAILED = new Set(['budget-spent', 'stage-budget-spent', 'too-many-skipped'])

/** How many hosts stand on new rules that a failure takes back. */
function standing({ settled, stage }: World, { onFailure, stages }: Course): number {
  if (onFailure !== 'revert-stage' && onFailure !== 'revert-all') return 0
  const hosts = onFailure === 'revert-stage' ? (stages[stage] ?? []) : stages.flat()
  return hosts.filter(host => settled.get(host) === 'persisted').length
}
