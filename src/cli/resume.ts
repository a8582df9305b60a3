import { type Journal, journalFile, reopenJournal } from '../journal/append.ts'
import { findOpenRun, findRun } from '../journal/find.ts'
import { type HostRecord, type RunRecord, recordOf } from '../journal/record.ts'
import { readJournal } from '../journal/replay.ts'
import { isRunning, thisWriter } from '../journal/writer.ts'
import { FleetError } from '../model/error.ts'
import type { Emit, Outcome, Writer } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'
import { exitCodeOf } from '../report/exit-code.ts'
import { say } from '../report/say.ts'
import { settleAgain } from '../rollout/settle-again.ts'
import type { Pool } from '../session/pool.ts'
import { count, journalsOf, warn, whoIsHere } from './change.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { poolFor, withBecomePassword } from './hosts.ts'
import { type Inputs, readInputs } from './inputs.ts'
import { listenToSignals } from './signals.ts'
import { openVoice } from './voice.ts'

/**
 * Brings to its end what a fleet that died has left: hosts that were armed are settled, the others named. Nothing
 * is begun. Of a run that has an end already it says what became of it.
 */
export async function run(flags: Flags): Promise<number> {
  const signals = listenToSignals()
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword)
  for (const finding of inputs.findings)
    if (finding.severity === 'warning') process.stderr.write(`${say(finding)}\n`)
  const directory = journalsOf(inputs, flags)
  const named = flag(flags, 'run', 'string')
  const record = named ? await findRun(directory, named) : await findOpenRun(directory, inputs.sources)
  const voice = openVoice(flags, realClock, '')
  try {
    if (record.isEnded && leftBehind(record).length === 0) {
      process.stderr.write(`run ${record.run} has ended; nothing is left to do\n`)
      const outcomes = [...record.hosts].flatMap(([, { outcome }]) => outcome ?? [])
      for (const outcome of outcomes) await voice.emit({ type: 'host-settled', ...outcome })
      await voice.end(outcomes)
      return exitCodeOf(outcomes)
    }
    refuseIfGoingOn(record)
    const journal = await takeOver(directory, record)
    try {
      const emit: Emit = async event => {
        await journal.append(event)
        await voice.emit(event)
      }
      const pool = poolFor(inputs, withPassword, signals.cancel)
      const outcomes = await goOn({ inputs, record, pool, emit, stop: signals.stop })
      await voice.end(outcomes)
      return exitCodeOf(outcomes)
    } finally {
      await journal.close()
    }
  } finally {
    await voice.close()
    signals.forget()
  }
}

function refuseIfGoingOn(record: RunRecord, self?: Writer): void {
  const { run, who, since } = record
  const writer = record.writers.find(isRunning)
  if (!writer || (self && writer.pid === self.pid && writer.start === self.start)) return
  throw new FleetError('run-going-on', { run, who, since, pid: writer.pid })
}

/** The journal is what two of them would meet at: the first line that a living one wrote decides. */
async function takeOver(directory: string, { run }: RunRecord): Promise<Journal> {
  const journal = await reopenJournal(directory, run, { clock: realClock, warn })
  const writer = thisWriter()
  try {
    await journal.append({ type: 'run-resumed', run, who: whoIsHere(), writer })
    const record = recordOf(await readJournal(journalFile(directory, run)))
    if (record) refuseIfGoingOn(record, writer)
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}

/** Of these nobody knows for good what became of them. */
const OPEN: ReadonlySet<HostState> = new Set(['unknown', 'stuck', 'confirmed, not persisted'])

const leftBehind = ({ hosts }: RunRecord): readonly string[] =>
  [...hosts].flatMap(([host, { handover, outcome }]) =>
    !outcome || (handover && OPEN.has(outcome.state)) ? [host] : [],
  )

interface GoingOn {
  readonly inputs: Inputs
  readonly record: RunRecord
  readonly pool: Pool
  readonly emit: Emit
  readonly stop: AbortSignal
}

async function goOn(it: GoingOn): Promise<readonly Outcome[]> {
  const { record, pool, emit } = it
  const left = leftBehind(record)
  await emit({ type: 'phase-started', phase: 'apply', hosts: left })
  const settling = await pool.each(left, host => settleOne(host, it))
  const settled = settling.map((one, at) => {
    if (one.status === 'fulfilled') return one.value
    if (!(one.reason instanceof FleetError)) throw one.reason
    return letGo(left[at] ?? '')
  })
  const latest = new Map(settled.map(outcome => [outcome.host, outcome]))
  const outcomes = [...record.hosts].flatMap(([host, { outcome }]) => latest.get(host) ?? outcome ?? [])
  // What was let go of can be resumed once more.
  if (!settled.some(({ finding }) => finding?.code === 'let-go'))
    await emit({ type: 'run-ended', run: record.run, states: count(outcomes) })
  return outcomes
}

async function settleOne(host: string, it: GoingOn): Promise<Outcome> {
  if (it.stop.aborted) return letGo(host)
  const outcome = await outcomeOf(host, it.record.hosts.get(host) ?? {}, it)
  await it.emit({ type: 'host-settled', ...outcome })
  return outcome
}

const letGo = (host: string): Outcome => ({
  host,
  state: 'unknown',
  finding: { code: 'let-go', severity: 'error', args: {} },
})

async function outcomeOf(host: string, known: HostRecord, it: GoingOn): Promise<Outcome> {
  const { handover, verdict } = known
  if (!handover) return verdict === 'unchanged' ? { host, state: 'unchanged' } : neverArmed(host, it.record)
  const connection = it.inputs.connections.get(host)
  if (!connection)
    return { host, state: 'unknown', finding: { code: 'host-not-in-inventory', severity: 'error', args: {} } }
  const age = realClock.wall() - Date.parse(handover.at)
  const tools = { connect: it.pool.connector(connection), clock: realClock, emit: it.emit }
  return settleAgain({ host, run: it.record.run, handover, age }, tools)
}

function neverArmed(host: string, { command }: RunRecord): Outcome {
  const [word = 'apply'] = command.split(' ')
  return {
    host,
    state: 'not started',
    finding: { code: 'never-armed', severity: 'error', args: { command: word } },
  }
}
