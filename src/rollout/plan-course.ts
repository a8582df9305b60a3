import type { Rollout } from '../config/rollout.ts'
import { amountOf } from '../model/amount.ts'
import type { HostState } from '../model/host-state.ts'
import { type Candidate, stagesOf } from '../plan/stages.ts'
import type { Budget, Course, Past, PastHost, Standing } from './course.ts'
import { isOfHosts } from './gates/gate.ts'
import { windowAt } from './moment.ts'

export interface Circumstances {
  /** The hosts that are to be changed, in the order of the inventory. */
  readonly changing: readonly Candidate[]
  /** What is known already of all other hosts of the run. */
  readonly before: readonly HostState[]
  /** Of a run that is gone on with. */
  readonly left?: Left
  /** Hosts in flight at once. */
  readonly hosts: number
  /** The moment, monotonic and since the epoch. */
  readonly now: number
  readonly wall: number
  /** Monotonic: when the run began. */
  readonly began: number
}

/** What a run whose controller died has left. */
export interface Left extends Standing {
  /** The stages as they were frozen: those of its hosts that are still to be changed keep their places. */
  readonly frozen: Course['stages']
  /** What became of the others. */
  readonly hosts: readonly PastHost[]
  /** When it began, since the epoch, where it has no end yet. */
  readonly since?: number
}

/**
 * How a change goes over its hosts. Without `stages` all of them are one, and no failure keeps the others from
 * starting; whoever asks for stages bears none unless they say how many. Shares of failures are shares of all hosts
 * of the run, rounded down.
 */
export function planCourse(wish: Rollout, at: Circumstances): Course {
  const { changing, hosts } = at
  const { left } = at
  const isFrozen = left !== undefined && left.frozen.length > 0
  const isOne = isFrozen && left.frozen.length === 1 && wish.stages === undefined
  const stages = isFrozen ? thaw(left.frozen, changing, isOne) : cut(wish, changing)
  const past = left && pastOf(left, stages, isOne)
  const groupsOf = new Map(
    changing.map(({ host, groups, roles }) => [host, [...new Set([...groups, ...roles])]]),
  )
  const { soak = 0, manual = false, onFailure = 'stop', gates = [] } = wish
  return {
    stages,
    budget: budgetOf(wish, stages, at),
    soak,
    checks: soak > 0 || gates.length > 0,
    asks: !gates.every(isOfHosts),
    manual,
    onFailure,
    parallel: {
      hosts,
      groups: new Map(Object.entries(wish.maxParallel ?? {})),
      groupsOf: host => groupsOf.get(host) ?? [],
    },
    ...(isFrozen && stages.length > left.frozen.length ? { hasLate: true } : {}),
    ...(past ? { past } : {}),
    ...windowOf(wish, at),
  }
}

/** The first stage has room for its canaries, and for nobody else. */
const CANARIES_FIRST = [0, '100%']

function cut(wish: Rollout, changing: readonly Candidate[]): Course['stages'] {
  const { stages } = stagesOf(changing, {
    stages: wish.stages ?? (wish.canaries ? CANARIES_FIRST : ['100%']),
    ...(wish.canaries ? { canaries: wish.canaries } : {}),
    ...(wish.spread === undefined ? {} : { spread: true }),
    ...(wish.shuffle === undefined ? {} : { seed: wish.shuffle }),
  })
  return stages
}

/**
 * A stage of which nobody is left keeps its number. Hosts that had no place, because they couldn't be looked at then, come
 * last; `isOne`: where nobody asked for stages, all are one.
 */
function thaw(frozen: Course['stages'], changing: readonly Candidate[], isOne: boolean): Course['stages'] {
  const open = new Set(changing.map(({ host }) => host))
  const placed = new Set(frozen.flat())
  const late = [...open].filter(host => !placed.has(host))
  const left = frozen.map(stage => stage.filter(host => open.has(host)))
  if (isOne) return [[...left.flat(), ...late]]
  return [...left, ...(late.length > 0 ? [late] : [])]
}

/** Where a host of an earlier stage is to be changed once more, it begins there. */
function pastOf({ frozen, hosts, ...standing }: Left, stages: Course['stages'], isOne: boolean): Past {
  const first = stages.findIndex(({ length }) => length > 0)
  const isEarlier = first >= 0 && first < standing.stage
  const stands = isEarlier ? { stage: first - 1, isChecked: true, isPromoted: true } : standing
  const places = new Map(frozen.flatMap((stage, at) => stage.map(host => [host, at] as const)))
  const placed = hosts.map(one => {
    // Who persisted without a place came last then.
    const last = isOne ? 0 : frozen.length
    const stage = places.get(one.host) ?? (one.state === 'persisted' ? last : undefined)
    return stage === undefined ? one : { ...one, stage }
  })
  return { ...stands, hosts: placed }
}

function budgetOf(wish: Rollout, stages: Course['stages'], at: Circumstances): Budget {
  const { maxFailures, maxStageFailures, maxSkipped } = wish
  const { before, left } = at
  const all = at.changing.length + before.length + (left?.hosts.length ?? 0)
  const isInStages = isStaged(wish) || (left?.frozen.length ?? 0) > 1
  const bears = maxFailures ?? (isInStages ? 0 : Number.POSITIVE_INFINITY)
  return {
    failures: amountOf(bears, all, 'down'),
    stageFailures: stages.map((stage, number) =>
      maxStageFailures === undefined
        ? Number.POSITIVE_INFINITY
        : amountOf(maxStageFailures, new Set([...(left?.frozen[number] ?? []), ...stage]).size, 'down'),
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
function windowOf({ notBefore, notAfter, timeout }: Rollout, { now, wall, began, left }: Circumstances) {
  // That moment was there when its first stage began. What closes as well opens every day.
  const isPast = notAfter === undefined && left !== undefined && left.stage >= 0
  // Without a time at which it opens again it has closed for good.
  const from = notBefore === undefined ? (left?.since ?? wall) : wall
  const { opens, closes } = windowAt(from, isPast ? undefined : notBefore, notAfter)
  const begins = Math.max(began, opens === undefined ? began : now + opens - wall)
  return {
    ...(opens === undefined ? {} : { notBefore: now + opens - wall }),
    ...(closes === undefined ? {} : { notAfter: now + closes - wall }),
    ...(timeout === undefined ? {} : { overdueAt: begins + timeout }),
  }
}
