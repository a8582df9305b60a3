import { randomBytes } from 'node:crypto'
import { homedir, hostname, userInfo } from 'node:os'
import type { Rollout } from '../config/rollout.ts'
import { openJournal } from '../journal/append.ts'
import { describeCommand } from '../journal/command.ts'
import { journalDirectory } from '../journal/place.ts'
import { promoted } from '../journal/promotion.ts'
import { thisWriter } from '../journal/writer.ts'
import type { Clock } from '../model/clock.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { say } from '../report/say.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { type Rolled, roll } from '../rollout/roll.ts'
import type { Flags } from './command.ts'
import { courseOf, rolloutOf } from './course.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import type { Prepared } from './prepared.ts'
import type { Signals } from './signals.ts'
import { openVoice, type Voice } from './voice.ts'

/** A run that changes hosts, from the first look to the exit code. `doing` is what the question asks: `Apply to`. */
export async function changeHosts(
  flags: Flags,
  prepared: Prepared,
  signals: Signals,
  doing: string,
): Promise<number> {
  const confirmTimeout = confirmTimeoutOf(flags, prepared)
  const rollout = rolloutOf(prepared.inputs, flags)
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
    const it = { prepared, emit, run, who, confirmTimeout, rollout, directory, stop: signals.stop, voice }
    const { outcomes, why } = await change(survey, it)
    await emit({ type: 'run-ended', run, states: count(outcomes) })
    await voice.end(outcomes, why)
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
  readonly rollout: Rollout
  /** Where the journals lie. */
  readonly directory: string
  readonly stop: AbortSignal
  readonly voice: Voice
}

async function change(survey: Survey, it: Change): Promise<Rolled> {
  const agreed = !it.stop.aborted && (await it.voice.agree(survey))
  const { each, clock, inputs, hosts } = it.prepared
  const tools = {
    ...it,
    each,
    clock,
    stop: agreed ? it.stop : AbortSignal.abort(),
    back: (host: string, from: number, to: number) => it.prepared.back(host, { from, to }),
    promoted: (run: string, over: AbortSignal) => promoted(it.directory, run, clock, over),
  }
  const now = { now: clock.now(), wall: clock.wall() }
  return roll(survey, courseOf(survey, inputs, { rollout: it.rollout, hosts, ...now }), tools)
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
