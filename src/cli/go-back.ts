import type { HostRecord } from '../journal/host-record.ts'
import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { ApplyTools } from '../rollout/apply-host.ts'
import type { Rolled } from '../rollout/roll.ts'
import { takeBack } from '../rollout/take-back.ts'
import { whoIsHere } from './change.ts'
import { realClock } from './clock.ts'
import type { Flags } from './command.ts'
import { allFlags } from './go-on.ts'
import type { GoingOn } from './going-on.ts'
import { aptTimeoutOf, confirmTimeoutOf } from './roll-out.ts'
import { wayOfRun } from './way-of.ts'
import { wayBack } from './ways-back.ts'

/** Brings a taking back to its end that somebody else has begun. Nobody is started. */
export async function goBack(
  rest: readonly string[],
  known: RunRecord['hosts'],
  it: GoingOn,
  flags: Flags,
): Promise<Rolled & { readonly isCut: boolean }> {
  const { record, emit, pool } = it
  const { hosts = [], why } = record.takingBack ?? {}
  const left = hosts.filter(host => isLeft(known.get(host)))
  if (left.length > 0 && why) await emit({ type: 'taking-back', run: record.run, hosts: left, why })
  await emit({ type: 'phase-started', phase: 'take back', hosts: left })
  const tools = toolsOf(it, flags)
  const back = wayBack(it.inputs, allFlags(record, flags), pool)
  const taking = await pool.each(left, async host => {
    const way = wayOfRun(host, { run: record.run, hosts: known })
    if (!way) throw new Error(`${host} was never changed`)
    const outcome = await takeBack(back(host, way), known.get(host)?.base ?? 0, tools)
    await emit({ type: 'host-settled', ...outcome })
    return outcome
  })
  const taken = taking.flatMap(one => (one.status === 'fulfilled' ? [one.value] : whereCut(one.reason)))
  const isCut = taken.length < left.length
  if (isCut) return { outcomes: taken, isCut }
  const others = rest.map((host): Outcome => ({ host, state: 'not started' }))
  for (const outcome of others) await emit({ type: 'host-settled', ...outcome })
  if (why) await emit({ type: 'rollout-stopped', run: record.run, why })
  return { outcomes: [...taken, ...others], isCut, ...(why ? { why } : {}) }
}

/** It stands on the new rules, and nobody has said that it can't be taken back. */
const isLeft = (one?: HostRecord) =>
  one?.outcome?.state === 'persisted' && one.outcome.finding?.code !== 'not-taken-back'

function whereCut(reason: unknown): [] {
  if (reason instanceof FleetError) return []
  throw reason
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
