import type { RunRecord } from '../journal/record.ts'
import { FleetError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'
import { isFor, makeAsk } from '../rollout/gates/ask-gate.ts'
import { type Gate, isOfHosts, nameOf } from '../rollout/gates/gate.ts'
import { type Ask, HostGates } from '../rollout/gates/host-gates.ts'
import type { Survey } from '../rollout/observe-all.ts'
import { compileGate } from './gate-text.ts'
import type { Inputs } from './inputs.ts'
import type { Prepared } from './prepared.ts'

export interface Gates {
  readonly gatesOf: (host: string) => HostGates | undefined
  /** What is of no single host. */
  readonly queries: HostGates
}

interface Reach extends Pick<Prepared, 'connect'> {
  readonly inputs: Pick<Inputs, 'reach'>
}

/** The gates of a host that an earlier process has asked before its change; queries are of the host ''. */
export type Recalled = (host: string) => HostGates | undefined

/**
 * What counted then counts now. A host that it was never asked of has changed since, and would be judged by its new
 * rules; a query that wasn't asked then is asked before the hosts that still come.
 */
export function recallGates(
  gates: readonly Gate[],
  said: RunRecord['gates'],
  reach: Reach,
  emit: Emit,
): Recalled {
  const ask = askWith(reach)
  return host => {
    const of = said.get(host)
    if (!of) return undefined
    const own = gates.filter(gate => (host === '' ? !isOfHosts(gate) : of.has(nameOf(gate))))
    return new HostGates(host, own, ask, emit, of)
  }
}

/** What is said of gates that counted then, and that nobody asks for any more. */
export function goneGates(gates: readonly Gate[], said: RunRecord['gates']): readonly Finding[] {
  const known = new Set(gates.map(nameOf))
  const asked = new Set([...said.values()].flatMap(of => [...of.keys()]))
  return [...asked]
    .filter(name => !known.has(name))
    .map(gate => ({ code: 'gate-gone', severity: 'warning', args: { gate } }))
}

/** The gates of a run. */
export function openGates(
  gates: readonly Gate[],
  survey: Survey,
  reach: Reach,
  emit: Emit,
  recalled?: Recalled,
): Gates {
  const ask = askWith(reach)
  const names = new Map(
    survey.observed.map(({ plan }) => [plan.host, ['all', ...plan.groups, ...plan.roles.map(roleOf)]]),
  )
  const known = new Map<string, HostGates>()
  const make = (host: string) => {
    const earlier = names.has(host) ? undefined : recalled?.(host)
    if (earlier) {
      known.set(host, earlier)
      return earlier
    }
    const own = gates.filter(gate => isOfHosts(gate) && isFor(gate, names.get(host) ?? []))
    const made = new HostGates(host, own, ask, emit)
    known.set(host, made)
    return made
  }
  const queries = gates.filter(gate => !isOfHosts(gate))
  return {
    gatesOf: host => known.get(host) ?? make(host),
    queries: recalled?.('') ?? new HostGates('', queries, ask, emit),
  }
}

/** `web (group web)` is role web. */
const roleOf = (role: string): string => role.split(' ')[0] ?? role

const asking = new WeakMap<Reach['connect'], Ask>()

/** One for all who connect by the same way: a prober counts its connections. */
function askWith(reach: Reach): Ask {
  const ask = asking.get(reach.connect) ?? askThrough(reach)
  asking.set(reach.connect, ask)
  return ask
}

function askThrough({ inputs, connect }: Reach): Ask {
  const addressOf = (host: string) => inputs.reach(host).address
  return makeAsk({
    addressOf,
    connectTo: host => connect(inputs.reach(host)),
    fill: (text, name) => compileGate(text)(name, addressOf(name)),
  })
}

type Known = Pick<Inputs, 'inventory' | 'config' | 'hosts' | 'reach'>

/** Before anybody is contacted. Errors: `gate-unknown-host`, `gate-unfillable`, `gate-bad-url`. */
export function checkGates(gates: readonly Gate[], known: Known): void {
  const { inventory, config } = known
  // Flags, and a run that is gone on with, have their own.
  const isOfFile = gates === config.rollout?.gates
  for (const [number, gate] of gates.entries()) {
    const at = isOfFile ? config.rolloutAt?.get(`gates.${number}`) : undefined
    checkText(gate, known, at)
    const { from } = gate
    if (from === undefined || inventory.hosts.has(from)) continue
    const close = nearest(from, inventory.hosts.keys()) ?? null
    throw new FleetError('gate-unknown-host', { host: from, nearest: close }, at ? { at } : {})
  }
}

/** Filled in for every host: in the middle of a rollout it would be too late. */
function checkText(gate: Gate, { hosts, reach }: Known, at: Place | undefined): void {
  const text = 'http' in gate ? gate.http : 'command' in gate ? gate.command : undefined
  if (text === undefined) return
  const fill = compileGate(text)
  try {
    for (const { name } of hosts) {
      const filled = fill(name, reach(name).address)
      if ('http' in gate) checkUrl(filled)
    }
  } catch (error) {
    if (!(error instanceof FleetError) || !at) throw error
    throw new FleetError(error.code, error.args, { at, cause: error })
  }
}

/** One that can't be asked would fail before the change, and count for nothing. */
function checkUrl(url: string): void {
  const [, scheme = ''] = /^([^/]*?):/.exec(url) ?? []
  if (URL.canParse(url) && /^https?$/i.test(scheme)) return
  throw new FleetError('gate-bad-url', { url, nearest: nearest(scheme, ['https', 'http']) ?? null })
}
