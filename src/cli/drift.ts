import { FleetError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { changedSince, driftOf, isUnderWay } from '../plan/drift.ts'
import { exitCodeOfDrift, type Looked, printDrift } from '../report/drift.ts'
import { driftLine } from '../report/json.ts'
import { printMetrics } from '../report/metrics.ts'
import { createProgress } from '../report/progress.ts'
import { say } from '../report/say.ts'
import { findingsOf } from './check.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { poolFor, withBecomePassword } from './hosts.ts'
import { readInputs } from './inputs.ts'
import { readBlocking } from './ledger.ts'
import { listHosts } from './list-hosts.ts'
import { renderAll } from './rendering.ts'
import { cancelOnSignal } from './signals.ts'
import { makeSubjects, type Subject, shippedRoles } from './targets.ts'
import { hasColor, isTerminal } from './terminal.ts'
import { checkTextfile, writeTextfile } from './textfile.ts'

/**
 * Which hosts aren't as they were last confirmed, or as they would be rendered now. Made for cron: nothing is changed,
 * and where all is in order one line says so. 0 nothing, 2 drifted or pending, 3 a host that nobody could look at.
 */
export async function run(flags: Flags): Promise<number> {
  const cancel = cancelOnSignal()
  const withPassword = await withBecomePassword(flags)
  const inputs = await readInputs(withPassword)
  if (flag(flags, 'list-hosts', 'boolean')) return listHosts(inputs.hosts.map(({ name }) => name))
  const rendered = await renderAll(inputs, withPassword)
  if (flag(flags, 'verbose', 'boolean'))
    for (const finding of findingsOf(inputs, rendered, withPassword))
      process.stderr.write(`${say(finding)}\n`)
  const textfile = flag(flags, 'textfile', 'string')
  if (textfile !== undefined) await checkTextfile(textfile)
  const pool = poolFor(inputs, withPassword, cancel)
  const isShipped = shippedRoles(inputs, withPassword)
  const blocks = (await readBlocking(inputs))?.asked
  const means = { pool, isShipped, ...(blocks ? { blocks } : {}) }
  const subjects = makeSubjects(inputs, rendered, withPassword, means)
  const looked = await lookAtAll(subjects, pool.each, flag(flags, 'json', 'boolean') ?? false)
  // Hosts that weren't looked at because somebody stopped it are no news of theirs.
  if (textfile !== undefined && !cancel.aborted)
    await writeTextfile(textfile, printMetrics(looked, realClock.wall()))
  return exitCodeOfDrift(looked)
}

type Each = ReturnType<typeof poolFor>['each']

/** Prints what it finds: JSON as it comes, text at the end. */
async function lookAtAll(
  subjects: readonly Subject[],
  each: Each,
  json: boolean,
): Promise<readonly Looked[]> {
  const names = subjects.map(({ host }) => host)
  const progress = isTerminal(process.stderr) && !json ? openProgress() : undefined
  await progress?.emit({ type: 'phase-started', phase: 'observe', hosts: names })
  const looking = await each(subjects, async subject => {
    const looked = await look(subject, progress?.emit)
    if (json) process.stdout.write(driftLine(looked))
    return looked
  })
  await progress?.done()
  const looked = looking.map((one, at) => {
    if (one.status === 'fulfilled') return one.value
    const left = failed(names[at] ?? '', one.reason)
    if (json) process.stdout.write(driftLine(left))
    return left
  })
  if (!json) process.stdout.write(printDrift(looked, { color: hasColor(process.stdout) }))
  return looked
}

const openProgress = () => createProgress({ stream: process.stderr, isTTY: true, clock: realClock })

async function look(subject: Subject, emit: Emit = () => {}): Promise<Looked> {
  const { host } = subject
  await emit({ type: 'host-step', host, step: 'observing' })
  const looked = await lookAt(subject).catch((error: unknown) => failed(host, error))
  if ('drift' in looked) {
    const { kinds, pending } = looked.drift
    await emit({
      type: 'host-planned',
      host,
      verdict: kinds.length > 0 || pending === true ? 'change' : 'unchanged',
    })
  } else await emit({ type: 'host-settled', ...looked })
  return looked
}

async function lookAt({ host, connect, observe, question }: Subject): Promise<Looked> {
  const session = await connect()
  try {
    const seen = await observe(session)
    if (isUnderWay(seen)) {
      const { who = '', since = '', run = '' } = seen.guard ?? {}
      throw new FleetError('host-busy', { who, since, run }, { hostState: 'refused' })
    }
    const drift = driftOf({ ...question, seen })
    const since = changedSince(drift, realClock.wall())
    return { host, drift, ...(since === undefined ? {} : { since }) }
  } finally {
    await session.close()
  }
}

/** A bug goes on up. */
function failed(host: string, error: unknown): Looked {
  if (!(error instanceof FleetError)) throw error
  return { host, state: error.hostState ?? 'failed', finding: error.finding }
}
