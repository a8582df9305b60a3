import { type Rollout, writeRollout } from '../config/rollout.ts'
import { journalFile, whyLost } from '../journal/append.ts'
import { describeCommand } from '../journal/command.ts'
import type { RunRecord } from '../journal/record.ts'
import { readJournal } from '../journal/replay.ts'
import { whyOf } from '../journal/summary.ts'
import { thisWriter } from '../journal/writer.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { exitCodeOfBlocks } from '../report/block-exit.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { wasLetGo } from '../rollout/outcome.ts'
import { catchUpSettled } from './catch-up.ts'
import { count, holdInventory, worse } from './change.ts'
import { checkAgain, failedChecks } from './check-again.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { goBack } from './go-back.ts'
import { type GoneOn, goOn, toDo } from './go-on.ts'
import type { GoingOn } from './going-on.ts'
import { openHooks, type Told } from './hooks.ts'
import { poolFor, withBecomePassword } from './hosts.ts'
import type { Inputs } from './inputs.ts'
import { allFlags, checkExtraVars, findLeftRun } from './left-run.ts'
import { findChanged, ownRollout } from './own-rollout.ts'
import { reportOf } from './report.ts'
import { inFlight, settleLeft } from './settle-left.ts'
import { listenToSignals } from './signals.ts'
import { type Resumed, refuseIfGoingOn, takeOver } from './take-over.ts'
import { openVoice } from './voice.ts'
import { warn } from './warnings.ts'
import { whoIsHere } from './who.ts'

/**
 * Brings to its end what a fleet that died has left: hosts in flight are settled, then it goes on with those whose turn
 * had not come, in the stages that were frozen. A run that is named is gone on with also if it has an end: with the
 * hosts that failed as well, so that each time the list is shorter.
 */
export async function run(flags: Flags): Promise<number> {
  const signals = listenToSignals()
  const withPassword = await withBecomePassword(flags)
  const { record, directory, inputs, isNamed } = await findLeftRun(withPassword)
  const report = await reportOf(flags)
  const voice = openVoice(flags, realClock, '')
  try {
    if (isDone(record, isNamed)) {
      process.stderr.write(`run ${record.run} has ended; ${whatIsLeft(record)}\n`)
      const outcomes = [...record.hosts].flatMap(([, { outcome }]) => outcome ?? [])
      for (const outcome of outcomes) await voice.emit({ type: 'host-settled', ...outcome })
      const why = whyOf(await readJournal(journalFile(directory, record.run)))
      await voice.end(outcomes, why)
      await report?.write(journalFile(directory, record.run))
      return exitCodeOf(outcomes, why)
    }
    refuseIfGoingOn(record)
    checkExtraVars(record, flags)
    const rollout = ownRollout(record, inputs, withPassword)
    if (rollout.gates?.length)
      for (const { event } of await readJournal(journalFile(directory, record.run))) voice.recall(event)
    for (const finding of findChanged(record, inputs, rollout, withPassword)) warn(finding)
    const letGo = await holdInventory(directory, inventoryOf(record, inputs), record.run)
    const resumed = resuming(record, rollout)
    const journal = await takeOver(directory, record, resumed)
    const told = await tellHooks(inputs, resumed)
    try {
      await voice.emit(resumed)
      if (isNamed && !record.takingBack) sayFailed(record)
      if (record.isEnded && !isNamed) sayOnlySettled(record)
      const emit: Emit = async event => {
        await journal.append(event)
        told.hear(event)
        await voice.emit(event)
      }
      const pool = poolFor(inputs, allFlags(record, withPassword), signals.cancel)
      const unrecorded = journal.lost
      const stop = AbortSignal.any([signals.stop, unrecorded])
      const it = {
        inputs,
        record,
        rollout,
        pool,
        emit,
        signals,
        stop,
        unrecorded,
        directory,
        isNamed,
        ask: voice.goOn,
      }
      const { outcomes, why: early, blocked } = await finish(it, withPassword)
      const why = early ?? whyLost(journal)
      await voice.end(outcomes, why, record.command.startsWith('rollback') ? record.run : undefined)
      return worse(exitCodeOf(outcomes, why), exitCodeOfBlocks((await blocked?.()) ?? []))
    } finally {
      await journal.close()
      letGo()
      await report?.write(journal.file)
      await told.close()
    }
  } finally {
    await voice.close()
    signals.forget()
  }
}

/** A run goes over its own hosts, whatever inventory stands here now. */
const inventoryOf = ({ inventory }: RunRecord, { sources }: Inputs) =>
  inventory.length > 0 ? inventory : sources

function whatIsLeft(record: RunRecord): string {
  if (isDone(record, true)) return 'nothing is left to do'
  return `\`fleet resume ${record.run}\` goes on with the hosts that are left, those that failed too, and with a fresh budget`
}

function isDone(record: RunRecord, isNamed: boolean): boolean {
  if (!record.isEnded || inFlight(record).length > 0) return false
  return (
    !isNamed || (toDo(record.hosts, isNamed).length === 0 && failedChecks(record.hosts, isNamed).length === 0)
  )
}

const resuming = ({ run }: RunRecord, rollout: Rollout): Resumed => ({
  type: 'run-resumed',
  run,
  who: whoIsHere(),
  writer: thisWriter(),
  rollout: writeRollout(rollout),
})

/** Hooks are told of a run that is gone on with as of one that starts. */
async function tellHooks(inputs: Inputs, resumed: Resumed): Promise<Told> {
  const { run, who } = resumed
  const command = describeCommand(process.argv.slice(2))
  const told = await openHooks(inputs, { run, who, command }, realClock)
  told.hear(resumed)
  return told
}

/** Whoever names a run may not know that this takes more than what was left. */
function sayFailed({ run, hosts }: RunRecord): void {
  const failed = toDo(hosts, true).length - toDo(hosts, false).length + failedChecks(hosts, true).length
  if (failed === 0) return
  const who = failed === 1 ? 'the host' : `the ${failed} hosts`
  process.stderr.write(`going on with run ${run}, also with ${who} that failed, and with a fresh budget\n`)
}

/** Whoever names no run may take it for one that died. */
function sayOnlySettled({ run }: RunRecord): void {
  process.stderr.write(
    `run ${run} has ended: hosts of which nobody knew what became of them are asked, and nobody is started (\`fleet resume ${run}\` starts those that are left)\n`,
  )
}

async function finish(it: GoingOn, flags: Flags): Promise<GoneOn> {
  const { record, emit } = it
  const settled = await settleLeft(it)
  const caughtUp = await catchUpSettled(settled, it, flags)
  const left = new Map(
    [...record.hosts].map(([host, one]) => {
      const outcome = settled.get(host)
      return [host, outcome ? { ...one, outcome, isAccepted: false, isOfBefore: false } : one]
    }),
  )
  const isOver = record.isEnded && !it.isNamed
  const known = isOver ? left : await checkAgain(left, it, flags)
  const wasCut = [...settled.values()].some(wasLetGo)
  const rolled: GoneOn & { isCut?: boolean } = isOver ? { outcomes: [] } : await followUp(known, it, flags)
  const latest = new Map(rolled.outcomes.map(outcome => [outcome.host, outcome]))
  const outcomes = [...known].map(
    ([host, { outcome, verdict }]): Outcome =>
      latest.get(host) ?? outcome ?? { host, state: verdict === 'unchanged' ? 'unchanged' : 'not started' },
  )
  const why = isOver ? await stillEarly(it, outcomes) : rolled.why
  // What was let go of can be resumed once more.
  if (!wasCut && !rolled.isCut) await emit({ type: 'run-ended', run: record.run, states: count(outcomes) })
  const ended = why ? { why } : {}
  return {
    ...rolled,
    ...ended,
    outcomes,
    blocked: async () => [...caughtUp, ...((await rolled.blocked?.()) ?? [])],
  }
}

const followUp = (known: RunRecord['hosts'], it: GoingOn, flags: Flags) =>
  it.record.takingBack ? goBack(known, it, flags) : goOn(toDo(known, it.isNamed), known, it, flags)

/** A run that had ended early still has, whatever its last hosts came to, unless nothing of it is left. */
async function stillEarly(it: GoingOn, outcomes: readonly Outcome[]): Promise<Finding | undefined> {
  const { record, directory, emit } = it
  if (exitCodeOf(outcomes) === 0) return undefined
  const recorded = await readJournal(journalFile(directory, record.run))
  const why = whyOf(recorded.slice(0, record.length))
  if (why) await emit({ type: 'rollout-stopped', run: record.run, why })
  return why
}
