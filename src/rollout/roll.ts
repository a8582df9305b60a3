import type { Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { type ApplyTools, applyHost } from './apply-host.ts'
import { checkStage } from './check-stage.ts'
import type { Course } from './course.ts'
import { type Crew, drive } from './drive.ts'
import { Ends } from './ends.ts'
import type { HostGates } from './gates/host-gates.ts'
import type { Each, Survey } from './observe-all.ts'
import { outcomeOf } from './outcome.ts'
import { neverTakenBack, takeBack } from './take-back.ts'
import type { Observed, Target } from './target.ts'

export interface RollTools extends ApplyTools {
  /** After this no host starts. */
  readonly stop: AbortSignal
  /** Lets go of what somebody has said before a pause, and before that pause is told. */
  readonly forgetPromotion: (run: string) => Promise<void>
  /** Resolves when somebody has said whether the rollout goes on. */
  readonly promoted: (run: string, over: AbortSignal) => Promise<boolean>
  /** How a host is taken from the generation that this run made to the one before. */
  readonly back: (host: string, from: number, to: number) => Target
  readonly each: Each
  /** What has to hold of no single host before and after: queries. */
  readonly queries?: HostGates
  /** Hosts that persisted before this process. */
  readonly stood?: ReadonlyMap<string, Stood>
}

/** A host that an earlier process has changed, and what it said of it. */
export interface Stood extends Pick<Observed, 'target'> {
  readonly generation: number
  readonly base: number
  readonly outcome: Outcome
}

export interface Rolled {
  /** Exactly one a host. */
  readonly outcomes: readonly Outcome[]
  /** Why it ended before its last stage, if it did. */
  readonly why?: Finding
}

/** Brings every observed host to its end, stage by stage. Sessions that aren't needed any more are closed. */
export async function roll(survey: Survey, course: Course, tools: RollTools): Promise<Rolled> {
  const others = survey.observed.filter(({ plan }) => plan.verdict !== 'change')
  const ends = new Ends(tools.emit)
  await ends.enterAll(others.map(({ plan }) => outcomeOf(plan)))
  const changing = new Map(
    survey.observed.filter(({ plan }) => plan.verdict === 'change').map(one => [one.target.host, one]),
  )
  for (const [host, { outcome }] of tools.stood ?? []) ends.done.set(host, outcome)
  await tools.emit({ type: 'rollout-planned', run: tools.run, stages: course.stages })
  const first = firstOf(course, tools.clock.now())
  await closeLater(changing, first)
  const why = await drive(course, crewOf(changing, first, course, ends, tools), tools)
  const left = [...changing].filter(([host]) => !ends.done.has(host))
  await Promise.all(left.map(([, { session }]) => session.close()))
  const placed = new Set(course.stages.flat())
  await ends.enterAll(
    left.map(([host]) => ({ host, state: 'not started', ...(placed.has(host) ? {} : BEYOND) })),
  )
  if (why) await tools.emit({ type: 'rollout-stopped', run: tools.run, why })
  return { outcomes: [...survey.failed, ...ends.done.values()], ...(why ? { why } : {}) }
}

const BEYOND = { finding: { code: 'beyond-stages', severity: 'error', args: {} } } as const

/** A later stage looks at its hosts again, over a new connection: what was seen by then is old. */
async function closeLater(changing: Changing, first: ReadonlySet<string>): Promise<void> {
  const later = [...changing].filter(([host]) => !first.has(host))
  await Promise.all(later.map(([, { session }]) => session.close()))
}

/** Those whose turn is now; before the window it is nobody's. */
function firstOf({ stages, past, notBefore = 0 }: Course, now: number): ReadonlySet<string> {
  if (now < notBefore) return new Set()
  const stage = past?.stage ?? -1
  return new Set(stage >= 0 ? stages[stage] : stages.find(({ length }) => length > 0))
}

type Changing = ReadonlyMap<string, Observed>

function crewOf(
  changing: Changing,
  first: ReadonlySet<string>,
  course: Course,
  ends: Ends,
  tools: RollTools,
): Crew {
  const { emit, run, stood = new Map<string, Stood>() } = tools
  const targets = new Map<string, Pick<Observed, 'target'>>([...stood, ...changing])
  const { done } = ends
  let inFlight = 0
  return {
    // Asked while hosts change they would be judged by what they are to judge.
    ask: async over => tools.queries?.before(AbortSignal.any([tools.stop, over])),
    stage: async stage => {
      const hosts = course.stages[stage] ?? []
      const stages = isAlone(course, stage) ? {} : { stages: course.stages.length }
      await emit({ type: 'phase-started', phase: 'apply', hosts, stage: stage + 1, ...stages })
    },
    waits: async (what, at) => {
      const left = Math.max(0, at - tools.clock.now())
      const until = new Date(tools.clock.wall() + left).toISOString()
      await emit({ type: 'rollout-waiting', run, what, until, seconds: Math.ceil(left / 1000) })
    },
    start: async host => {
      const observed = changing.get(host)
      if (!observed) throw new Error(`${host} was never observed`)
      const fresh = first.has(host) ? observed : { ...observed, observedAt: Number.NEGATIVE_INFINITY }
      inFlight += 1
      const outcome = await applyHost(fresh, tools)
      inFlight -= 1
      const state = ends.enter(outcome)
      // What follows a stage is told after all of it.
      if (inFlight === 0) await ends.told()
      return state
    },
    check: (_, hosts, earlier) => checkStage([...earlier, ...hosts], { changing: targets, done, tools }),
    pause: async (why, over) => {
      await tools.forgetPromotion(run)
      await emit({ type: 'rollout-paused', run, why })
      const goesOn = await tools.promoted(run, over)
      if (goesOn && !over.aborted) await emit({ type: 'rollout-promoted', run })
      return goesOn
    },
    takeBack: async (hosts, why) => {
      await emit({ type: 'taking-back', run, hosts, why })
      await emit({ type: 'phase-started', phase: 'take back', hosts })
      const going = await tools.each(hosts, async host => {
        const { generation, base } = changeOf(host, changing, stood)
        ends.enter(await takeBack(tools.back(host, generation, base), base, unhindered(tools)))
      })
      const never = hosts.flatMap((host, at) => {
        const one = going[at]
        return one?.status === 'rejected' ? [{ host, reason: one.reason }] : []
      })
      for (const { host, reason } of never)
        ends.enter(neverTakenBack(host, changeOf(host, changing, stood).base, reason))
      await ends.told()
    },
  }
}

/** Nobody is left of the stages that there were: what comes behind them is no stage of theirs. */
const isAlone = ({ stages, hasLate = false }: Course, stage: number): boolean =>
  hasLate && stages.every((hosts, at) => at === stage || hosts.length === 0)

/** The generation that it has now, and the one before. */
function changeOf(
  host: string,
  changing: Changing,
  stood: ReadonlyMap<string, Stood>,
): Pick<Stood, 'generation' | 'base'> {
  const change = changing.get(host)?.plan.change ?? stood.get(host)
  if (!change) throw new Error(`${host} was never changed`)
  return change
}

/** Neither a gate, nor a time that is up, nor a full disk keeps a host from its old rules. */
function unhindered(tools: RollTools): ApplyTools {
  const { gatesOf: _, hostTimeout: __, unrecorded: ___, ...free } = tools
  return free
}
