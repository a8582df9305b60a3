import { fleetList } from '../inventory/fleet-variables.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'
import { near } from './names.ts'
import type { Templates } from './templates.ts'

/** A role of a host, and where it comes from: `base`, `group web`, `final` or `fleet_roles`. */
export interface HostRole {
  readonly name: string
  readonly from: string
}

/** `roles:` of fleet.yml: which roles a group stands for. */
export type RoleMapping = ReadonlyMap<string, { readonly roles: readonly string[]; readonly at: Place }>

export interface RoleInput {
  readonly mapping: RoleMapping
  readonly templates: Templates
}

export interface Resolved {
  readonly roles: readonly HostRole[]
  readonly findings: readonly Finding[]
}

/** Never found by a group's name, nor by `roles:`. */
const NEVER = ['all', 'ungrouped', 'base', 'final']

/**
 * The roles of a host in the order of their rules: those with `order: first`, `base`, those of its groups
 * (its groups are in Ansible's order), `final`; or the list of `fleet_roles` just as it stands.
 */
export function resolveRoles(host: Host, input: RoleInput): Resolved {
  const at = host.variables.get('fleet_roles')?.at
  return at ? fromList(host, at, input) : fromGroups(host, input)
}

function fromList(host: Host, at: Place, input: RoleInput): Resolved {
  try {
    const names = fleetList(host, 'fleet_roles') ?? []
    if (names.length === 0) throw new FleetError('fleet-roles-empty', { host: host.name }, { at })
    return check(
      [...new Set(names)].map(name => ({ name, from: 'fleet_roles', at })),
      input,
    )
  } catch (error) {
    if (error instanceof FleetError) return { roles: [], findings: [error.finding] }
    throw error
  }
}

interface Wanted extends HostRole {
  readonly at?: Place
}

function fromGroups(host: Host, input: RoleInput): Resolved {
  const findings = reserved(input.mapping)
  const groups = host.groups
    .filter(group => !NEVER.includes(group))
    .flatMap(group => ofGroup(group, input, findings))
  const wanted = unique(groups).filter(({ name }) => name !== 'base' && name !== 'final')
  const isFirst = ({ name }: Wanted) => input.templates.get(name)?.template?.declaration.first ?? false
  const resolved = check(
    [
      ...wanted.filter(isFirst),
      { name: 'base', from: 'base' },
      ...wanted.filter(role => !isFirst(role)),
      { name: 'final', from: 'final' },
    ],
    input,
  )
  return { roles: resolved.roles, findings: [...findings, ...resolved.findings] }
}

function ofGroup(group: string, { mapping, templates }: RoleInput, findings: Finding[]): Wanted[] {
  const from = `group ${group}`
  const mapped = mapping.get(group)
  if (mapped) return mapped.roles.map(name => ({ name, from, at: mapped.at }))
  if (!templates.names.has(group)) return []
  const { template } = templates.get(group) ?? {}
  if (template && !template.declaration.byGroup) {
    findings.push({ code: 'role-not-by-group', severity: 'note', args: { group } })
    return []
  }
  return [{ name: group, from }]
}

function unique(roles: readonly Wanted[]): Wanted[] {
  const byName = new Map<string, Wanted>()
  for (const role of roles) if (!byName.has(role.name)) byName.set(role.name, role)
  return [...byName.values()]
}

const reserved = (mapping: RoleMapping): Finding[] =>
  [...mapping]
    .filter(([group]) => NEVER.includes(group))
    .map(([group, { at }]) => error('role-mapping-reserved', { group }, at))

/** The roles that there are, and a finding for each that there isn't. */
function check(wanted: readonly Wanted[], { templates }: RoleInput): Resolved {
  const findings = wanted
    .filter(({ name }) => !templates.names.has(name))
    .map(({ name, from, at }) =>
      error(
        'role-unknown',
        { name, from, nearest: near(name, templates.names), known: [...templates.names] },
        at,
      ),
    )
  const roles = wanted
    .filter(({ name }) => templates.names.has(name))
    .map(({ name, from }) => ({ name, from }))
  return { roles, findings }
}

const error = (code: string, args: Finding['args'], at?: Place) =>
  new FleetError(code, args, at ? { at } : {}).finding
