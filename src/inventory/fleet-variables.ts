import { parseNetworks } from '../address/network.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'
import type { Value, Variable } from '../model/value.ts'
import { findOpaque, isList } from './opaque.ts'

/** fleet's own variables: lists all, of names, of patterns, or of addresses. */
const NAMES = {
  fleet_roles: 'names',
  fleet_preserve: 'patterns',
  fleet_replace: 'patterns',
  fleet_management: 'addresses',
  fleet_addresses: 'addresses',
} as const

export type FleetVariable = keyof typeof NAMES

const isKnown = (name: string): name is FleetVariable => Object.hasOwn(NAMES, name)

/** Unknown `fleet_` names, and known ones whose value isn't the list that it should be. */
export function checkFleetVariables(layer: ReadonlyMap<string, Variable>): Finding[] {
  return [...layer].flatMap(([name, variable]) => {
    if (!name.startsWith('fleet_')) return []
    const error = (code: string, args: Finding['args']): Finding[] => [
      { code, severity: 'error', args: { name, ...args }, at: variable.at },
    ]
    if (!isKnown(name)) {
      return error('fleet-variable-unknown', {
        nearest: nearest(name, Object.keys(NAMES)) ?? null,
        known: Object.keys(NAMES),
      })
    }
    if (findOpaque(variable.value)) return []
    const items = readList(variable.value)
    if (items === undefined) return error('fleet-variable-not-a-list', { expected: NAMES[name] })
    return NAMES[name] === 'addresses'
      ? items.filter(isNoAddress).flatMap(text => error('fleet-variable-no-address', { text }))
      : []
  })
}

/**
 * One of fleet's lists for a host; `undefined` where the host hasn't got it.
 * Throws `variable-opaque` where it holds a value that fleet can't read yet.
 */
export function fleetList(host: Host, name: FleetVariable): readonly string[] | undefined {
  const variable = host.variables.get(name)
  if (variable === undefined) return undefined
  const opaque = findOpaque(variable.value)
  if (opaque)
    throw new FleetError('variable-opaque', { name, host: host.name, kind: opaque.kind }, { at: variable.at })
  return readList(variable.value) ?? []
}

/** A list of texts, or one text with commas: `fleet_roles=base,web` on a host line is text. */
function readList(value: Value): string[] | undefined {
  if (typeof value === 'string') {
    return value
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
  }
  if (value === null) return []
  if (!isList(value)) return undefined
  return value.every(item => typeof item === 'string') ? [...value] : undefined
}

function isNoAddress(text: string): boolean {
  try {
    parseNetworks(text)
    return false
  } catch {
    return true
  }
}
