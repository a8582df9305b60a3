import { randomBytes } from 'node:crypto'
import { homedir, hostname, userInfo } from 'node:os'
import { openJournal } from '../journal/append.ts'
import { describeCommand } from '../journal/command.ts'
import { journalDirectory } from '../journal/place.ts'
import { thisWriter } from '../journal/writer.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { say } from '../report/say.ts'
import { applyAll, type Survey } from '../rollout/rollout.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import type { Signals } from './signals.ts'
import type { Prepared } from './survey.ts'
import { openVoice, type Voice } from './voice.ts'

/** A run that changes hosts, from the first look to the exit code. `doing` is what the question asks: `Apply to`. */
export async function changeHosts(
  flags: Flags,
  prepared: Prepared,
  signals: Signals,
  doing: string,
): Promise<number> {
  const confirmTimeout = confirmTimeoutOf(flags, prepared)
  const aptTimeout = (flag(flags, 'apt-timeout', 'number') ?? 300) * 1000
  const run = runName(prepared.clock)
  const who = whoIsHere()
  const directory = journalsOf(prepared.inputs, flags)
  const journal = await openJournal(directory, run, { clock: prepared.clock, warn })
  const voice = openVoice(flags, prepared.clock, doing)
  const emit: Emit = async event => {
    await journal.append(event)
    await voice.emit(event)
  }
  try {
    await emit({
      type: 'run-started',
      run,
      who,
      command: describeCommand(process.argv.slice(2)),
      hosts: prepared.inputs.hosts.length,
      inventory: prepared.inputs.sources,
      writer: thisWriter(),
    })
    const survey = await prepared.survey(emit)
    const it = { prepared, emit, run, who, confirmTimeout, aptTimeout, stop: signals.stop, voice }
    const outcomes = await change(survey, it)
    await emit({ type: 'run-ended', run, states: count(outcomes) })
    await voice.end(outcomes)
    return exitCodeOf(outcomes)
  } finally {
    await voice.close()
    signals.forget()
    await journal.close()
  }
}

interface Change {
  readonly prepared: Prepared
  readonly emit: Emit
  readonly run: string
  readonly who: string
  readonly confirmTimeout: number
  readonly aptTimeout: number
  readonly stop: AbortSignal
  readonly voice: Voice
}

async function change(survey: Survey, it: Change): Promise<readonly Outcome[]> {
  const agreed = !it.stop.aborted && (await it.voice.agree(survey))
  const { each, clock } = it.prepared
  const tools = { ...it, each, clock, stop: agreed ? it.stop : AbortSignal.abort() }
  return [...survey.failed, ...(await applyAll(survey.observed, tools))]
}

export const warn = (finding: Finding) => void process.stderr.write(`${say(finding)}\n`)

export const whoIsHere = (): string => `${userInfo().username}@${hostname()}`

/** Where the journals lie. */
export const journalsOf = ({ config }: Inputs, flags: Flags): string =>
  flag(flags, 'journal', 'string') ?? config.journal ?? journalDirectory(process.env, homedir())

function confirmTimeoutOf(flags: Flags, { inputs }: Prepared): number {
  const seconds = flag(flags, 'confirm-timeout', 'number') ?? (inputs.config.confirmTimeout ?? 60_000) / 1000
  if (seconds >= 4 && seconds <= 1800) return seconds * 1000
  throw new FleetError('confirm-timeout-range', { seconds })
}

function runName(clock: Clock): string {
  const time = new Date(clock.wall())
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-')
  return `${time}-${randomBytes(2).toString('hex')}`
}

export function count(outcomes: readonly Outcome[]): Partial<Record<HostState, number>> {
  const states: Partial<Record<HostState, number>> = {}
  for (const { state } of outcomes) states[state] = (states[state] ?? 0) + 1
  return states
}
