import type { Connect } from '../../session/session.ts'
import { askCommand, askHttpFrom, askTcpFrom } from './from-a-host.ts'
import { askHttp, askPrometheus, askTcp } from './from-here.ts'
import type { Gate, Reading } from './gate.ts'
import type { Ask } from './host-gates.ts'
import { share } from './share.ts'

/** What a gate can be asked about, and through. */
export interface GateTools {
  /** The address that fleet itself reaches a host by. */
  readonly addressOf: (host: string) => string
  readonly connectTo: (host: string) => Connect
  /** `{{host.address}}` and `{{host.name}}` filled in. */
  readonly fill: (text: string, host: string) => string
}

/** Milliseconds, where a gate says nothing else. */
const TIMEOUT = 5000

/** Asks a gate about a host: from here, on the host itself, or from another host of the inventory. */
export function makeAsk({ addressOf, connectTo, fill }: GateTools): Ask {
  const shared = new Map<string, Connect>()
  const at = (host: string): Connect => {
    const connect = shared.get(host) ?? share(connectTo(host))
    shared.set(host, connect)
    return connect
  }
  return (gate, host): Promise<Reading> => {
    const { timeout = TIMEOUT, from } = gate
    if ('prometheus' in gate) return askPrometheus(gate.at, gate.prometheus, timeout)
    if ('command' in gate) return askCommand(at(from ?? host), fill(gate.command, host), timeout)
    if ('tcp' in gate) {
      const address = addressOf(host)
      return from === undefined
        ? askTcp(address, gate.tcp, timeout)
        : askTcpFrom(at(from), address, gate.tcp, timeout)
    }
    const url = fill(gate.http, host)
    return from === undefined ? askHttp(url, timeout) : askHttpFrom(at(from), url, timeout)
  }
}

/** Whether a gate is a host's: `on` names a group or a role. */
export const isFor = (gate: Gate, names: readonly string[]): boolean =>
  gate.on === undefined || names.includes(gate.on)
