import type { BlockOutcome } from '../block/event.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Outcome } from '../model/event.ts'
import type { HostPlan } from '../plan/host-plan.ts'
import { openBlockVoice } from '../report/block-voice.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { sendToAll } from './blocking.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { GoingOn } from './going-on.ts'
import type { Inputs } from './inputs.ts'
import { type Blocking, readBlocking } from './ledger.ts'
import { allFlags, wordOf } from './left-run.ts'
import type { Signals } from './signals.ts'
import { warn } from './warnings.ts'

/** What became of the hosts of a run that were behind, once the run has ended. */
export type CaughtUp = () => Promise<readonly BlockOutcome[]>

/** Has hosts of a run that are behind block what ledger and feeds say, before its first change: each is tried once. */
export async function catchUp(
  { observed }: Survey,
  inputs: Inputs,
  flags: Flags,
  blocking: Blocking,
  signals: Signals,
): Promise<CaughtUp> {
  const send = (names: ReadonlySet<string>) => sendAgain(names, inputs, flags, blocking, signals)
  const behind = observed.flatMap(({ plan }) => (plan.isBehind ? [plan.host] : []))
  const outcomes = signals.stop.aborted ? [] : await send(new Set(behind))
  // Once more where the change itself came between, or brought what was missing.
  return async () => {
    const isOpen = new Set(observed.flatMap(({ plan }) => (touchesRaw(plan) ? [plan.host] : [])))
    const open = outcomes.filter(({ host, state }) => !LASTS.has(state) || isOpen.has(host))
    if (open.length === 0 || signals.stop.aborted) return outcomes
    const again = await send(new Set(open.map(({ host }) => host)))
    const known = new Map(again.map(one => [one.host, one]))
    return outcomes.map(one => known.get(one.host) ?? one)
  }
}

/**
 * Has hosts that were in flight when their run died block what was said since their change was handed over: until then
 * the run had told them. They may have been out of reach for the block itself. Each is tried once.
 */
export async function catchUpSettled(
  settled: ReadonlyMap<string, Outcome>,
  { inputs, record, signals }: GoingOn,
  flags: Flags,
): Promise<readonly BlockOutcome[]> {
  if (wordOf(record) !== 'apply' || signals.stop.aborted) return []
  const reached = [...settled.values()].flatMap(({ host, state }) => (AWAY.has(state) ? [] : [host]))
  const blocking = reached.length === 0 ? undefined : await readBlocking(inputs).catch(sayUntold)
  if (!blocking) return []
  const behind = reached.filter(host => {
    const since = Date.parse(record.hosts.get(host)?.handover?.at ?? '')
    const isLater = ({ at }: { readonly at: number }) => at > since
    const { feeds } = blocking.asked(host)
    return blocking.wanted(host).map.some(isLater) || (feeds !== undefined && isLater(feeds))
  })
  return sendAgain(new Set(behind), inputs, allFlags(record, flags), blocking, signals)
}

const AWAY: ReadonlySet<string> = new Set(['unknown', 'stuck', 'unreachable'])

/** Hosts are settled by now, so this must not end the run. */
function sayUntold(error: unknown): undefined {
  if (!(error instanceof FleetError || error instanceof FleetErrors)) throw error
  warn({ code: 'blocks-untold', severity: 'warning', args: {} })
}

const LASTS: ReadonlySet<string> = new Set(['blocked', 'unreachable', 'refused'])

/** Its places were counted before the chain had its own. */
const touchesRaw = ({ change }: HostPlan) =>
  change !== undefined && (change.do[4].includes('*raw\n') || change.do[6].includes('*raw\n'))

async function sendAgain(
  names: ReadonlySet<string>,
  inputs: Inputs,
  flags: Flags,
  { file, wanted, feeds: known }: Blocking,
  signals: Signals,
): Promise<readonly BlockOutcome[]> {
  const hosts = inputs.hosts.filter(({ name }) => names.has(name))
  if (hosts.length === 0) return []
  const voice = openBlockVoice({ json: flag(flags, 'json', 'boolean') ?? false, verb: 'repair' })
  voice.begin({ named: [], entries: [], before: [], ledger: file, hosts: hosts.length })
  const once = { ...flags, 'give-up-after': '0' }
  const feeds = await known?.goals()
  const outcomes = await sendToAll({
    inputs,
    flags: once,
    wanted,
    voice,
    hosts,
    signals,
    ...(feeds ? { feeds } : {}),
  })
  voice.end(outcomes)
  return outcomes
}
