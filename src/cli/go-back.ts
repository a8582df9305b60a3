import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { ApplyTools } from '../rollout/apply-host.ts'
import type { Rolled } from '../rollout/roll.ts'
import { neverTakenBack, takeBack } from '../rollout/take-back.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { isToGoBack } from './earlier.ts'
import { toDo } from './go-on.ts'
import type { GoingOn } from './going-on.ts'
import { allFlags } from './left-run.ts'
import { aptTimeoutOf, confirmTimeoutOf } from './roll-out.ts'
import { wayOfRun } from './way-of.ts'
import { wayBack } from './ways-back.ts'
import { whoIsHere } from './who.ts'

/** Brings a taking back to its end that somebody else has begun. Nobody is started, also who had failed. */
export async function goBack(
  known: RunRecord['hosts'],
  it: GoingOn,
  flags: Flags,
): Promise<Rolled & { readonly isCut: boolean }> {
  const { inputs, record, emit, pool } = it
  const { hosts = [], why } = record.takingBack ?? {}
  const left = hosts.filter(host => isToGoBack(known.get(host) ?? {}))
  if (left.length > 0 && why) await emit({ type: 'taking-back', run: record.run, hosts: left, why })
  await emit({ type: 'phase-started', phase: 'take back', hosts: left })
  const tools = toolsOf(it, flags)
  const whereCut = (host: string, reason: unknown) => neverTakenBack(host, known.get(host)?.base ?? 0, reason)
  const back = wayBack(inputs, allFlags(record, flags), pool)
  const taking = await pool.each(left, async host => {
    const to = known.get(host)?.base ?? 0
    const way = wayOfRun(host, { run: record.run, hosts: known })
    const outcome =
      way && inputs.connections.has(host)
        ? await takeBack(back(host, way), to, tools)
        : neverTakenBack(host, to, new FleetError('host-not-in-inventory', { host }))
    await emit({ type: 'host-settled', ...outcome })
    return outcome
  })
  const taken = taking.map((one, at) =>
    one.status === 'fulfilled' ? one.value : whereCut(left[at] ?? '', one.reason),
  )
  const isCut = taking.some(({ status }) => status === 'rejected')
  const ended = why ? { why } : {}
  // Of those nothing is written down: the next one takes them back.
  if (isCut) return { outcomes: taken, isCut, ...ended }
  const others = toDo(known, false).map((host): Outcome => ({ host, state: 'not started' }))
  for (const outcome of others) await emit({ type: 'host-settled', ...outcome })
  if (why) await emit({ type: 'rollout-stopped', run: record.run, why })
  return { outcomes: [...taken, ...others], isCut, ...ended }
}

/** Neither a gate nor a time that is up keeps a host from its old rules. */
function toolsOf({ inputs, record, emit }: GoingOn, flags: Flags): ApplyTools {
  const all = allFlags(record, flags)
  return {
    run: record.run,
    who: whoIsHere(),
    confirmTimeout: confirmTimeoutOf(all, { inputs }),
    aptTimeout: aptTimeoutOf(all),
    clock: realClock,
    emit,
  }
}
