import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import type { Variable } from '../model/value.ts'
import { ancestors, type Graph } from './graph.ts'
import type { VarsFolders } from './settle.ts'

const NAME = 'fleet_roles'

/**
 * Hosts that two groups give different `fleet_roles`, neither group below the other: which would win hangs on their
 * names, so the host itself must say. A group overrides those above it.
 */
export function findRoleConflicts(
  graph: Graph,
  hosts: ReadonlyMap<string, Host>,
  folders: readonly VarsFolders[],
): Finding[] {
  const lists = listsOfGroups(graph, folders)
  if (lists.size < 2) return []
  const above = new Map([...lists.keys()].map(group => [group, ancestors(graph, group)]))
  return [...hosts.values()].flatMap(host => {
    const deciding = host.groups.filter(group => lists.has(group))
    const clash = deciding.filter(group => !deciding.some(other => above.get(other)?.has(group)))
    const [first, ...others] = clash
    const other = others.find(group => text(lists.get(group)) !== text(lists.get(first ?? '')))
    const won = host.variables.get(NAME)
    const fromGroup = [...lists.values()].some(variable => variable === won)
    if (first === undefined || other === undefined || !fromGroup) return []
    return [conflict(host.name, first, other, lists)]
  })
}

/** What each group says in the end, files over sources. */
function listsOfGroups(graph: Graph, folders: readonly VarsFolders[]): Map<string, Variable> {
  const lists = new Map<string, Variable>()
  for (const { name, variables } of graph.groups.values()) {
    const files = folders.map(({ groups }) => groups.get(name)?.get(NAME))
    const last = [variables.get(NAME), ...files].findLast(variable => variable !== undefined)
    if (last !== undefined) lists.set(name, last)
  }
  return lists
}

const text = (variable: Variable | undefined) => JSON.stringify(variable?.value)

function conflict(host: string, group: string, other: string, lists: ReadonlyMap<string, Variable>): Finding {
  const at = lists.get(other)?.at
  const first = lists.get(group)?.at
  const where = `${first?.file}:${first?.line ?? 1}`
  const args = { host, group, other, where }
  return { code: 'fleet-roles-conflict', severity: 'error', args, ...(at ? { at } : {}) }
}
