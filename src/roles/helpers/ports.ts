import { FleetError } from '../../model/error.ts'
import { near } from '../names.ts'
import { type PortWord, readPorts } from '../values.ts'
import { badArgument, type Call, has } from './call.ts'

/** What a rule says of its protocol: `-p tcp` first, `-m tcp --dport 22` after the other main options. */
export interface Protocol {
  readonly name: string | undefined
  readonly matches: readonly string[]
}

/** multiport takes 15 ports, and a range counts as two. */
const MOST_PORTS = 15

/** One protocol a rule. A call without ports has one of any kind; a call whose ports are an empty list has none, and makes no rule. */
export function protocolsOf(call: Call): Protocol[] {
  const asked = ['tcp', 'udp', 'service', 'proto'].filter(key => has(call, key))
  if (asked.length === 0) return [{ name: undefined, matches: [] }]
  const service = has(call, 'service') ? findService(call) : {}
  const protocols = (['tcp', 'udp'] as const).flatMap(name => {
    const ports = [...(service[name] ?? []), ...(has(call, name) ? portsOf(call, name) : [])]
    return chunks([...new Set(ports)]).map(chunk => ({ name, matches: portMatch(name, chunk) }))
  })
  return has(call, 'proto') ? [...protocols, { name: protocolName(call), matches: [] }] : protocols
}

function findService(call: Call) {
  const name = String(call.values.service)
  const service = call.run.services.get(name)
  if (service) return service
  const known = [...call.run.services.keys()]
  throw new FleetError('service-unknown', { name, nearest: near(name, known), known }, { at: call.at })
}

function portsOf(call: Call, key: string): readonly PortWord[] {
  const ports = readPorts(call.values[key])
  if (!ports) throw badArgument(call, key, 'ports such as 443, 8000-8080 or a variable of type port or ports')
  if (ports.length === 0) call.run.note('ports-none', { helper: call.verb, argument: key }, call.at)
  return ports
}

function protocolName(call: Call): string {
  const name = call.values.proto
  if (typeof name === 'string' && /^[a-z][a-z0-9-]*$/.test(name)) return name
  throw badArgument(call, 'proto', 'a protocol such as esp or gre')
}

const weight = (port: PortWord) => (port.includes(':') ? 2 : 1)

function chunks(ports: readonly PortWord[]): PortWord[][] {
  const all: PortWord[][] = []
  let room = 0
  for (const port of ports) {
    if (room < weight(port)) {
      all.push([])
      room = MOST_PORTS
    }
    all.at(-1)?.push(port)
    room -= weight(port)
  }
  return all
}

const portMatch = (protocol: string, ports: readonly PortWord[]) =>
  ports.length === 1
    ? ['-m', protocol, '--dport', ...ports]
    : ['-m', 'multiport', '--dports', ports.join(',')]
