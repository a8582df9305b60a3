import type { RunRecord } from '../journal/record.ts'
import type { Outcome } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'
import type { PlannedRules } from '../plan/saved.ts'
import { whyStopped } from '../rollout/ending.ts'
import type { Left } from '../rollout/plan-course.ts'
import type { Rolled } from '../rollout/roll.ts'
import type { CaughtUp } from './catch-up.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { earlierOf, leftOf, type Persisted, stoodOf } from './earlier.ts'
import { recallGates } from './gates.ts'
import type { GoingOn } from './going-on.ts'
import { allFlags, wordOf } from './left-run.ts'
import { prepareLockdown } from './lockdown-targets.ts'
import type { Begun, Prepared } from './prepared.ts'
import { aptTimeoutOf, confirmTimeoutOf, rollOut } from './roll-out.ts'
import { checkRollout } from './rollout-names.ts'
import { prepare } from './survey.ts'
import { warn } from './warnings.ts'
import { ALL_OF_IT, waysOf } from './way-of.ts'
import { prepareBack } from './ways-back.ts'
import { whoIsHere } from './who.ts'

/** Of these nobody knows for good what became of them. */
export const OPEN: ReadonlySet<HostState> = new Set(['unknown', 'stuck', 'confirmed, not persisted'])

/** Hosts that a run goes on with: those whose turn never came, and, if it was named, those that failed. */
export function toDo(hosts: RunRecord['hosts'], isNamed: boolean): readonly string[] {
  return [...hosts].flatMap(([host, { outcome, verdict }]) => {
    if (!outcome) return verdict === 'unchanged' ? [] : [host]
    if (outcome.state === 'not started') return [host]
    return isNamed && !isGood(outcome.state) && !OPEN.has(outcome.state) ? [host] : []
  })
}

const isGood = (state: HostState) => state === 'persisted' || state === 'unchanged'

/** How the rest of a rollout went, and what became of those of it that were behind with what they block. */
export interface GoneOn extends Rolled {
  readonly blocked?: CaughtUp
}

/** The rest of the rollout, rendered and looked at anew, in the stages that were frozen. */
export async function goOn(
  rest: readonly string[],
  known: RunRecord['hosts'],
  it: GoingOn,
  flags: Flags,
): Promise<GoneOn> {
  const { record, inputs, stop } = it
  // A rollback has no stages, checks or budget.
  const stood: Persisted = wordOf(record) === 'rollback' ? new Map() : stoodOf(rest, known, it)
  const isOwed = stood.size > 0 && owes(it)
  if (stop.aborted && (rest.length > 0 || isOwed)) return stopHere(rest, it)
  const cannot = whyNot(record)
  if (cannot) return { outcomes: await nameThem(rest, cannot, it) }
  const isKnown = (host: string) => inputs.connections.has(host)
  const gone = rest.filter(host => !isKnown(host))
  const missing = await nameThem(gone, 'host-not-in-inventory', it)
  const meant = rest.filter(isKnown)
  if (meant.length === 0 && !isOwed) return { outcomes: missing }
  const rolled = await rollRest(meant, leftOf(rest, known, it), stood, it, flags)
  return { ...rolled, outcomes: [...missing, ...rolled.outcomes] }
}

/** As a run that is stopped: it ends there. */
async function stopHere(rest: readonly string[], it: GoingOn): Promise<Rolled> {
  const outcomes = await nameThem(rest, 'never-armed', it)
  const why = whyStopped(it.stop)
  await it.emit({ type: 'rollout-stopped', run: it.record.run, why })
  return { outcomes, why }
}

async function rollRest(
  rest: readonly string[],
  left: Left,
  stood: Persisted,
  it: GoingOn,
  flags: Flags,
): Promise<GoneOn> {
  const { inputs, record, emit, signals, stop, unrecorded, directory, ask, rollout } = it
  const began = realClock.now()
  const all = { ...allFlags(record, flags), limit: [...rest, ...stood.keys()].join(',') }
  const planned = plannedIn(record)
  warnWithoutRules(rest, record, planned)
  const prepared = await prepareAgain(record, all, signals.cancel, { sources: inputs, planned })
  const confirmTimeout = confirmTimeoutOf(all, prepared)
  const aptTimeout = aptTimeoutOf(all)
  checkRollout(rollout, prepared.inputs, all, { isBegun: true })
  const survey = rest.length > 0 ? await prepared.survey(emit, rest) : { observed: [], failed: [] }
  const gatesOf = recallGates(rollout.gates ?? [], record.gates, prepared, emit)
  const earlier = earlierOf(left, stood, prepared, { gatesOf, planned })
  const { run } = record
  const who = whoIsHere()
  const tools = { prepared, emit, run, who, confirmTimeout, aptTimeout, rollout, began, directory, ask }
  const blocked = await prepared.catchUp?.(survey, signals)
  const rolled = await rollOut(survey, { ...tools, stop, unrecorded, earlier })
  return blocked ? { ...rolled, blocked } : rolled
}

/** Whether something may follow although no host is left to be changed. */
function owes({ record, rollout }: GoingOn): boolean {
  const { soak = 0, gates = [], onFailure = 'stop' } = rollout
  if (record.isEnded) return false
  return soak > 0 || gates.length > 0 || onFailure !== 'stop' || record.paused !== undefined
}

function plannedIn({ run, hosts }: RunRecord): PlannedRules {
  const known = [...hosts].flatMap(([host, { rendered }]) =>
    rendered === undefined ? [] : [[host, rendered] as const],
  )
  return { run, rendered: new Map(known) }
}

function warnWithoutRules(rest: readonly string[], record: RunRecord, { run, rendered }: PlannedRules): void {
  if (wordOf(record) !== 'apply' || rest.every(host => rendered.has(host))) return
  warn({ code: 'run-without-rules', severity: 'warning', args: { run } })
}

function prepareAgain(record: RunRecord, flags: Flags, cancel: AbortSignal, begun: Begun): Promise<Prepared> {
  const word = wordOf(record)
  if (word === 'apply') return prepare(flags, cancel, begun)
  if (word === 'lockdown') return prepareLockdown(flags, cancel, begun.sources)
  const journal = flags.journal
  const ways = word === 'remove' ? () => ALL_OF_IT : waysOf({ ...record.flags, journal }, askedBy(record))
  return prepareBack(flags, cancel, ways, begun.sources)
}

const askedBy = ({ run, since }: RunRecord) => ({ at: since, run })

/** Why a run can't be gone on with, if it can't. */
function whyNot(record: RunRecord): string | undefined {
  // Nobody had agreed to anything yet.
  if (!record.isPlanned) return 'never-armed'
  const word = wordOf(record)
  const { run, to, limit } = record.flags
  const isKnown = word === 'apply' || word === 'remove' || word === 'lockdown'
  // A journal that doesn't say where it was to lead.
  return !isKnown && (word !== 'rollback' || (run ?? to ?? limit) === undefined) ? 'never-armed' : undefined
}

async function nameThem(rest: readonly string[], code: string, it: GoingOn): Promise<readonly Outcome[]> {
  const outcomes = rest.map((host): Outcome => {
    const args = { command: wordOf(it.record), run: it.record.run }
    return { host, state: 'not started', finding: { code, severity: 'error', args } }
  })
  for (const outcome of outcomes) await it.emit({ type: 'host-settled', ...outcome })
  return outcomes
}
