import Handlebars from 'handlebars'
import { FleetError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { nearest } from '../model/nearest.ts'
import { isFor, makeAsk } from '../rollout/gates/ask-gate.ts'
import { type Gate, isOfHosts } from '../rollout/gates/gate.ts'
import { type Ask, HostGates, type Verdict } from '../rollout/gates/host-gates.ts'
import type { Survey } from '../rollout/observe-all.ts'
import type { Inputs } from './inputs.ts'
import type { Prepared } from './prepared.ts'

export interface Gates {
  readonly gatesOf: (host: string) => HostGates | undefined
  readonly queries: () => Promise<Verdict>
}

/** The gates of a run; what is of no single host is asked at once. */
export function openGates(gates: readonly Gate[], survey: Survey, prepared: Prepared, emit: Emit): Gates {
  const ask = askWith(prepared)
  const names = new Map(
    survey.observed.map(({ plan }) => [plan.host, ['all', ...plan.groups, ...plan.roles.map(roleOf)]]),
  )
  const known = new Map<string, HostGates>()
  const make = (host: string) => {
    const own = gates.filter(gate => isOfHosts(gate) && isFor(gate, names.get(host) ?? []))
    const made = new HostGates(host, own, ask, emit)
    known.set(host, made)
    return made
  }
  const ofAll = new HostGates(
    '',
    gates.filter(gate => !isOfHosts(gate)),
    ask,
    emit,
  )
  const before = ofAll.before()
  return {
    gatesOf: host => known.get(host) ?? make(host),
    queries: async () => {
      await before
      return ofAll.after('stage')
    },
  }
}

/** `web (group web)` is role web. */
const roleOf = (role: string): string => role.split(' ')[0] ?? role

function askWith({ inputs, connect }: Prepared): Ask {
  const addressOf = (host: string) => inputs.reach(host).address
  return makeAsk({
    addressOf,
    connectTo: host => connect(inputs.reach(host)),
    fill: (text, name) => {
      const address = addressOf(name)
      const inUrl = address.includes(':') && /^https?:/.test(text) ? `[${address}]` : address
      return Handlebars.compile(text, { noEscape: true, strict: true })({ host: { name, address: inUrl } })
    },
  })
}

/** Before anybody is contacted. Error: `gate-unknown-host`. */
export function checkGates(gates: readonly Gate[], { inventory }: Inputs): void {
  for (const { from } of gates) {
    if (from === undefined || inventory.hosts.has(from)) continue
    throw new FleetError('gate-unknown-host', {
      host: from,
      nearest: nearest(from, inventory.hosts.keys()) ?? null,
    })
  }
}
