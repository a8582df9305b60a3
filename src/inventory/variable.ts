import { FleetError } from '../model/error.ts'
import type { Host } from '../model/host.ts'
import type { Variable } from '../model/value.ts'
import { findOpaque } from './opaque.ts'

const TRUE = ['y', 'yes', 'on', '1', 'true', 't']
const FALSE = ['n', 'no', 'off', '0', 'false', 'f']

/** The first of some names that a host has, which isn't null or empty. */
export function findVariable(
  host: Host,
  names: readonly string[],
): { name: string; variable: Variable } | undefined {
  for (const name of names) {
    const variable = host.variables.get(name)
    if (variable !== undefined && variable.value !== null && variable.value !== '') return { name, variable }
  }
  return undefined
}

/**
 * The first of some variables as text; `undefined` where the host has none.
 * Throws `variable-opaque` and `variable-wrong-type`.
 */
export function readText(host: Host, names: readonly string[]): string | undefined {
  const found = findVariable(host, names)
  if (found === undefined) return undefined
  const { value } = found.variable
  refuseOpaque(host, found.name, found.variable)
  if (typeof value === 'object' || typeof value === 'boolean') throw wrongType(host, found, 'text')
  return String(value)
}

/** The first of some variables as yes or no, in all of Ansible's spellings. Throws like `readText`. */
export function readBoolean(host: Host, names: readonly string[]): boolean | undefined {
  const found = findVariable(host, names)
  if (found === undefined) return undefined
  refuseOpaque(host, found.name, found.variable)
  const { value } = found.variable
  const word = typeof value === 'object' ? '' : String(value).toLowerCase()
  if (TRUE.includes(word)) return true
  if (FALSE.includes(word)) return false
  throw wrongType(host, found, 'yes or no')
}

/** The first of some variables as a port. Throws like `readText`. */
export function readPort(host: Host, names: readonly string[]): number | undefined {
  const text = readText(host, names)
  const found = findVariable(host, names)
  if (text === undefined || found === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw wrongType(host, found, 'a port from 1 to 65535')
  return port
}

/** Throws `variable-opaque` where it holds what fleet can't read. */
export function refuseOpaque(host: Host, name: string, variable: Variable) {
  const opaque = findOpaque(variable.value)
  if (!opaque) return
  throw new FleetError('variable-opaque', { name, host: host.name, kind: opaque.kind }, { at: variable.at })
}

function wrongType(host: Host, { name, variable }: { name: string; variable: Variable }, expected: string) {
  return new FleetError('variable-wrong-type', { name, host: host.name, expected }, { at: variable.at })
}
