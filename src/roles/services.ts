import { join } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { FleetError } from '../model/error.ts'
import { readIfThere } from './files.ts'
import { type PortWord, readPorts } from './values.ts'

/** The ports of a service; neither list is empty where it is there. */
interface Service {
  readonly tcp?: readonly PortWord[]
  readonly udp?: readonly PortWord[]
}

export type Services = ReadonlyMap<string, Service>

/** `services.yml` of each folder, joined by name; the earlier folder wins. Throws `services-bad`. */
export function readServices(directories: readonly { path: string; shown: string }[]): Services {
  const services = new Map<string, Service>()
  for (const { path, shown } of [...directories].reverse()) {
    const text = readIfThere(join(path, 'services.yml'))
    for (const [name, service] of parseServices(text, `${shown}/services.yml`)) services.set(name, service)
  }
  return services
}

function parseServices(text: string, file: string): [string, Service][] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [error] = document.errors
  if (error) {
    const at = { file, line: lines.linePos(error.pos[0]).line }
    throw new FleetError('services-bad', { name: '', problem: error.message.split('\n')[0] ?? '' }, { at })
  }
  const root: unknown = document.toJS()
  return entriesOf(root).map(([name, value]) => [name, readService(name, value, text, file)])
}

function readService(name: string, value: unknown, text: string, file: string): Service {
  const line = text.split('\n').findIndex(line => line.startsWith(`${name}:`)) + 1
  const bad = (problem: string) => new FleetError('services-bad', { name, problem }, { at: { file, line } })
  const said = entriesOf(value)
  if (said.length === 0) throw bad('expected {tcp: PORTS, udp: PORTS}')
  return Object.fromEntries(
    said.map(([proto, value]) => {
      const ports = proto === 'tcp' || proto === 'udp' ? readPorts(value) : undefined
      if (!ports || ports.length === 0) throw bad(`${proto}: expected tcp or udp with ports`)
      return [proto, ports]
    }),
  )
}

const entriesOf = (value: unknown): [string, unknown][] =>
  value !== null && typeof value === 'object' ? Object.entries(value) : []
