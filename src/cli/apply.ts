import { randomBytes } from 'node:crypto'
import { homedir, hostname, userInfo } from 'node:os'
import { openJournal } from '../journal/append.ts'
import { describeCommand } from '../journal/command.ts'
import { journalDirectory } from '../journal/place.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Event, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { jsonLine } from '../report/json.ts'
import { createProgress } from '../report/progress.ts'
import { say } from '../report/say.ts'
import { printSummary } from '../report/summary.ts'
import { applyAll, type Survey } from '../rollout/rollout.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { run as runPlan, showSurvey } from './plan.ts'
import { listHosts } from './render.ts'
import { listenToSignals } from './signals.ts'
import { type Prepared, prepare } from './survey.ts'
import { isTerminal } from './terminal.ts'

/** Brings every host to its rules. Exit codes: docs/exit-codes.md. */
export async function run(flags: Flags): Promise<number> {
  if (flag(flags, 'check', 'boolean')) return runPlan(flags)
  const signals = listenToSignals()
  const prepared = await prepare(flags, signals.cancel)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(prepared.inputs.hosts.map(({ name }) => name))
  const confirmTimeout = confirmTimeoutOf(flags, prepared)
  const run = runName(prepared)
  const who = `${userInfo().username}@${hostname()}`
  const directory =
    flag(flags, 'journal', 'string') ??
    prepared.inputs.config.journal ??
    journalDirectory(process.env, homedir())
  const journal = await openJournal(directory, run, { clock: prepared.clock, warn })
  const voice = openVoice(flags, prepared)
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
    })
    const survey = await prepared.survey(emit)
    const outcomes = await change(survey, {
      flags,
      prepared,
      emit,
      run,
      who,
      confirmTimeout,
      stop: signals.stop,
      voice,
    })
    await emit({ type: 'run-ended', run, states: count(outcomes) })
    await voice.end(outcomes)
    return exitCodeOf(outcomes)
  } finally {
    signals.forget()
    await journal.close()
  }
}

interface Change {
  readonly flags: Flags
  readonly prepared: Prepared
  readonly emit: Emit
  readonly run: string
  readonly who: string
  readonly confirmTimeout: number
  readonly stop: AbortSignal
  readonly voice: Voice
}

async function change(survey: Survey, it: Change): Promise<readonly Outcome[]> {
  const agreed = await it.voice.agree(survey)
  const { each, clock } = it.prepared
  const tools = { ...it, each, clock, stop: agreed ? it.stop : AbortSignal.abort() }
  return [...survey.failed, ...(await applyAll(survey.observed, tools))]
}

const warn = (finding: Finding) => void process.stderr.write(`${say(finding)}\n`)

function confirmTimeoutOf(flags: Flags, { inputs }: Prepared): number {
  const seconds = flag(flags, 'confirm-timeout', 'number') ?? (inputs.config.confirmTimeout ?? 60_000) / 1000
  if (seconds >= 4 && seconds <= 1800) return seconds * 1000
  throw new FleetError('confirm-timeout-range', { seconds })
}

function runName({ clock }: Prepared): string {
  const time = new Date(clock.wall())
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-')
  return `${time}-${randomBytes(2).toString('hex')}`
}

function count(outcomes: readonly Outcome[]): Partial<Record<HostState, number>> {
  const states: Partial<Record<HostState, number>> = {}
  for (const { state } of outcomes) states[state] = (states[state] ?? 0) + 1
  return states
}

/** How a run speaks: to a person at a terminal, into a pipe, or as JSON. */
interface Voice {
  emit(event: Event): void | Promise<void>
  /** Shows the plan and asks, where there is somebody to ask and something to change. */
  agree(survey: Survey): Promise<boolean>
  end(outcomes: readonly Outcome[]): Promise<void>
}

function openVoice(flags: Flags, { clock }: Prepared): Voice {
  if (flag(flags, 'json', 'boolean')) {
    return {
      emit: event => void process.stdout.write(jsonLine(event)),
      agree: async () => true,
      end: async () => {},
    }
  }
  const asks = isTerminal(process.stdin) && isTerminal(process.stderr) && !flag(flags, 'yes', 'boolean')
  const show = () => createProgress({ stream: process.stderr, isTTY: isTerminal(process.stderr), clock })
  let progress = show()
  return {
    emit: event => progress.emit(event),
    agree: async survey => {
      const changing = survey.observed.filter(({ plan }) => plan.verdict === 'change').length
      if (!asks && !flag(flags, 'diff', 'boolean')) return true
      await progress.done()
      process.stdout.write(showSurvey(survey))
      progress = show()
      if (!asks || changing === 0) return true
      const { askYesNo } = await import('./ask.ts')
      return askYesNo(`Apply to ${changing} ${changing === 1 ? 'host' : 'hosts'}? [y/N] `)
    },
    end: async outcomes => {
      await progress.done()
      process.stdout.write(printSummary(outcomes))
    },
  }
}
