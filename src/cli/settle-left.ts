import type { HostRecord } from '../journal/host-record.ts'
import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { HostGates } from '../rollout/gates/host-gates.ts'
import { settleAgain } from '../rollout/settle-again.ts'
import { endOfReturn } from '../rollout/take-back.ts'
import { realClock } from './clock.ts'
import { recallGates } from './gates.ts'
import { OPEN } from './go-on.ts'
import type { GoingOn } from './going-on.ts'
import { wordOf } from './left-run.ts'

/** Hosts that were handed a change, and of which nobody knows for good what became of them. */
export const inFlight = ({ hosts }: RunRecord): readonly string[] =>
  [...hosts].flatMap(([host, { handover, outcome, isInFlight }]) =>
    handover && (isInFlight || (outcome && OPEN.has(outcome.state))) ? [host] : [],
  )

/** Hosts that were in flight, brought to their end. */
export async function settleLeft(it: GoingOn): Promise<ReadonlyMap<string, Outcome>> {
  const left = inFlight(it.record)
  await it.emit({ type: 'phase-started', phase: 'apply', hosts: left })
  const settling = await it.pool.each(left, host => settleOne(host, it))
  const settled = settling.map((one, at) => {
    if (one.status === 'fulfilled') return one.value
    if (!(one.reason instanceof FleetError)) throw one.reason
    return letGo(left[at] ?? '')
  })
  return new Map(settled.map(outcome => [outcome.host, outcome]))
}

async function settleOne(host: string, it: GoingOn): Promise<Outcome> {
  if (it.signals.stop.aborted) return letGo(host)
  const settled = await outcomeOf(host, it.record.hosts.get(host) ?? {}, it)
  // The controller's own death cut it off before anything was begun there: no failure, and its turn comes again.
  const outcome: Outcome = settled.finding?.code === 'arm-lost' ? { host, state: 'not started' } : settled
  await it.emit({ type: 'host-settled', ...outcome })
  return outcome
}

const letGo = (host: string): Outcome => ({
  host,
  state: 'unknown',
  finding: { code: 'let-go', severity: 'error', args: {} },
})

async function outcomeOf(host: string, known: HostRecord, it: GoingOn): Promise<Outcome> {
  const { handover, isGoingBack, base = 0 } = known
  const connection = it.inputs.connections.get(host)
  if (!connection || !handover)
    return { host, state: 'unknown', finding: { code: 'host-not-in-inventory', severity: 'error', args: {} } }
  const age = realClock.wall() - Date.parse(handover.at)
  const tools = { connect: it.pool.connector(connection), clock: realClock, emit: it.emit }
  const removesBlocks = wordOf(it.record) === 'remove'
  const left = { host, run: it.record.run, handover, age, removesBlocks }
  if (!isGoingBack) return settleAgain(left, { ...tools, gates: gatesOf(host, it) })
  const outcome = endOfReturn(await settleAgain(left, tools), base)
  // Where that is still to be finished it is tried once more.
  return outcome.finding?.code === 'not-taken-back' && it.record.takingBack
    ? { host, state: outcome.state }
    : outcome
}

/** What has to hold of a host before it is confirmed, as it was asked before. */
export function gatesOf(
  host: string,
  { inputs, record, rollout, pool, emit }: GoingOn,
): HostGates | undefined {
  if (wordOf(record) === 'rollback' || wordOf(record) === 'lockdown') return undefined
  const reach = { inputs, connect: pool.connector }
  return recallGates(rollout.gates ?? [], record.gates, reach, emit)(host)
}
