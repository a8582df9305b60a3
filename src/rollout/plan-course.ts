import type { Rollout } from '../config/rollout.ts'
import { amountOf } from '../model/amount.ts'
import type { HostState } from '../model/host-state.ts'
import { type Candidate, stagesOf } from '../plan/stages.ts'
import type { Budget, Course } from './course.ts'
import { windowAt } from './moment.ts'

export interface Circumstances {
  /** The hosts that are to be changed, in the order of the inventory. */
  readonly changing: readonly Candidate[]
  /** What is known already of all other hosts of the run. */
  readonly before: readonly HostState[]
  /** The stages of a run that is gone on with: those of its hosts that are still to be changed keep their places. */
  readonly frozen?: readonly (readonly string[])[]
  /** Hosts in flight at once. */
  readonly hosts: number
  /** The moment, monotonic and since the epoch. */
  readonly now: number
  readonly wall: number
  /** Monotonic: when the run began. */
  readonly began: number
}

/**
 * How a change goes over its hosts. Without `stages` all of them are one, and no failure keeps the others from
 * starting; whoever asks for stages bears none unless they say how many. Shares of failures are shares of all hosts
 * of the run, rounded down.
 */
export function planCourse(wish: Rollout, at: Circumstances): Course {
  const { changing, before, hosts } = at
  const stages = at.frozen ? thaw(at.frozen, changing) : cut(wish, changing)
  const groupsOf = new Map(changing.map(({ host, groups, roles }) => [host, [...groups, ...roles]]))
  const { soak = 0, manual = false, onFailure = 'stop', gates = [] } = wish
  return {
    stages,
    budget: budgetOf(wish, stages, before, changing.length + before.length),
    soak,
    checks: soak > 0 || gates.length > 0,
    manual,
    onFailure,
    parallel: {
      hosts,
      groups: new Map(Object.entries(wish.maxParallel ?? {})),
      groupsOf: host => groupsOf.get(host) ?? [],
    },
    ...windowOf(wish, at),
  }
}

function cut(wish: Rollout, changing: readonly Candidate[]): Course['stages'] {
  const { stages } = stagesOf(changing, {
    stages: wish.stages ?? ['100%'],
    ...(wish.canaries ? { canaries: wish.canaries } : {}),
    ...(wish.spread === undefined ? {} : { spread: true }),
    ...(wish.shuffle === undefined ? {} : { seed: wish.shuffle }),
  })
  return stages
}

/** Hosts that had no place, because they couldn't be looked at then, come last. */
function thaw(frozen: Course['stages'], changing: readonly Candidate[]): Course['stages'] {
  const open = new Set(changing.map(({ host }) => host))
  const placed = new Set(frozen.flat())
  const late = [...open].filter(host => !placed.has(host))
  return [...frozen.map(stage => stage.filter(host => open.has(host))), late].filter(
    ({ length }) => length > 0,
  )
}

function budgetOf(
  wish: Rollout,
  stages: Course['stages'],
  before: readonly HostState[],
  all: number,
): Budget {
  const { maxFailures, maxStageFailures, maxSkipped } = wish
  const bears = maxFailures ?? (isStaged(wish) ? 0 : Number.POSITIVE_INFINITY)
  return {
    failures: amountOf(bears, all, 'down'),
    stageFailures: stages.map(stage =>
      maxStageFailures === undefined
        ? Number.POSITIVE_INFINITY
        : amountOf(maxStageFailures, stage.length, 'down'),
    ),
    ...(wish.unreachable === 'skip'
      ? { skipped: amountOf(maxSkipped ?? Number.POSITIVE_INFINITY, all, 'down') }
      : {}),
    before,
  }
}

const isStaged = ({ stages, canaries, manual, maxStageFailures }: Rollout) =>
  (stages?.length ?? 1) > 1 || canaries !== undefined || manual === true || maxStageFailures !== undefined

/** On the monotonic clock. */
function windowOf({ notBefore, notAfter, timeout }: Rollout, { now, wall, began }: Circumstances) {
  const { opens, closes } = windowAt(wall, notBefore, notAfter)
  const begins = Math.max(began, opens === undefined ? began : now + opens - wall)
  return {
    ...(opens === undefined ? {} : { notBefore: now + opens - wall }),
    ...(closes === undefined ? {} : { notAfter: now + closes - wall }),
    ...(timeout === undefined ? {} : { overdueAt: begins + timeout }),
  }
}
