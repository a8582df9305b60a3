import { type Rollout, writeRollout } from '../config/rollout.ts'
import { openJournal, whyLost } from '../journal/append.ts'
import { describeCommand } from '../journal/command.ts'
import { lockInventory } from '../journal/lock.ts'
import { thisWriter } from '../journal/writer.ts'
import type { Emit, Event, Outcome } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'
import { exitCodeOfBlocks } from '../report/block-exit.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { wasLetGo } from '../rollout/outcome.ts'
import type { Flags } from './command.ts'
import { courseOf, rolloutOf } from './course.ts'
import { flagList } from './flag.ts'
import { type About, openHooks } from './hooks.ts'
import { journalsOf } from './journals.ts'
import { keepHeapHalfLean } from './lean-heap.ts'
import type { Prepared } from './prepared.ts'
import { rememberedFlags } from './remembered.ts'
import { reportOf } from './report.ts'
import { aptTimeoutOf, confirmTimeoutOf, rollOut } from './roll-out.ts'
import { checkRollout } from './rollout-names.ts'
import { newRunName } from './run-name.ts'
import type { Signals } from './signals.ts'
import { openVoice } from './voice.ts'
import { warn } from './warnings.ts'
import { whoIsHere } from './who.ts'

/** What is done to hosts. */
interface Doing {
  /** What the question begins with: `Apply to`. */
  readonly asks: string
  /** Where it isn't what fleet.yml and the flags say. */
  readonly rollout?: Rollout
  /** Hosts that failed are caught up by `fleet resume`, and not by doing it again. */
  readonly isCaughtUp?: boolean
}

/** A run that changes hosts, from the first look to the exit code. */
export async function changeHosts(
  flags: Flags,
  prepared: Prepared,
  signals: Signals,
  doing: Doing,
): Promise<number> {
  const began = prepared.clock.now()
  keepHeapHalfLean(prepared.inputs.hosts.length)
  const confirmTimeout = confirmTimeoutOf(flags, prepared)
  const rollout = doing.rollout ?? rolloutOf(prepared.inputs, flags)
  checkRollout(rollout, prepared.inputs, flags)
  const report = await reportOf(flags)
  const run = newRunName(prepared.clock)
  const who = whoIsHere()
  const directory = journalsOf(prepared.inputs, flags)
  const command = describeCommand(process.argv.slice(2))
  const told = await openHooks(prepared.inputs, { run, who, command }, prepared.clock)
  const letGo = await holdInventory(directory, prepared.inputs.sources, run)
  const journal = await openJournal(directory, run, { clock: prepared.clock, warn })
  const voice = openVoice(flags, prepared.clock, doing.asks)
  const emit: Emit = async event => {
    await journal.append(event)
    told.hear(event)
    await voice.emit(event)
  }
  try {
    await emit(beginning(flags, prepared, rollout, { run, who, command }))
    const survey = await prepared.survey(emit)
    const agreed =
      !signals.stop.aborted && (await voice.agree(survey, () => stagesOf(survey, prepared, rollout)))
    if (!agreed) told.forget()
    const unrecorded = journal.lost
    const stop = agreed ? AbortSignal.any([signals.stop, unrecorded]) : AbortSignal.abort()
    const blocked = agreed ? await prepared.catchUp?.(survey, signals) : undefined
    const aptTimeout = aptTimeoutOf(flags)
    const ask = voice.goOn
    const it = { prepared, emit, run, who, confirmTimeout, aptTimeout, rollout, began, directory, stop, ask }
    const { outcomes, why: early } = await rollOut(survey, { ...it, unrecorded })
    if (!outcomes.some(wasLetGo)) await emit({ type: 'run-ended', run, states: count(outcomes) })
    const why = early ?? whyLost(journal)
    await voice.end(outcomes, why, doing.isCaughtUp ? run : undefined)
    return worse(exitCodeOf(outcomes, why), exitCodeOfBlocks((await blocked?.()) ?? []))
  } finally {
    await voice.close()
    signals.forget()
    await journal.close()
    letGo()
    await report?.write(journal.file)
    await told.close()
  }
}

export const worse = <T extends number>(a: T, b: T): T => (b > a ? b : a)

/** How many hosts each has. */
function stagesOf(survey: Survey, { inputs, hosts, clock }: Prepared, rollout: Rollout): readonly number[] {
  const now = clock.now()
  const { stages } = courseOf(survey, inputs, { rollout, hosts, now, wall: clock.wall(), began: now })
  return stages.map(({ length }) => length)
}

function beginning(
  flags: Flags,
  { inputs, targets }: Prepared,
  rollout: Rollout,
  { run, who, command }: About,
): Event {
  return {
    type: 'run-started',
    run,
    who,
    command,
    hosts: targets.length,
    inventory: inputs.sources,
    writer: thisWriter(),
    flags: rememberedFlags(flags),
    extraVars: flagList(flags, 'extra-vars').length > 0,
    rollout: writeRollout(rollout),
  }
}

/** One run at a time. Error: `run-going-on`. */
export const holdInventory = (directory: string, sources: readonly string[], run: string) =>
  lockInventory(directory, sources, {
    run,
    who: whoIsHere(),
    since: new Date().toISOString(),
    pid: process.pid,
  })

export function count(outcomes: readonly Outcome[]): Partial<Record<HostState, number>> {
  const states: Partial<Record<HostState, number>> = {}
  for (const { state } of outcomes) states[state] = (states[state] ?? 0) + 1
  return states
}
