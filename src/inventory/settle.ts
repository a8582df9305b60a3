import type { Host } from '../model/host.ts'
import type { Variable } from '../model/value.ts'
import type { Graph } from './graph.ts'
import type { Group } from './inventory.ts'
import type { VarsFolder } from './vars-files.ts'

/** The variables from beside one source. */
export interface VarsFolders {
  readonly groups: VarsFolder
  readonly hosts: VarsFolder
}

/** The groups with what follows from the graph: depth, and all their hosts. */
export function settleGroups(graph: Graph): Map<string, Group> {
  const depths = measureDepths(graph)
  return new Map(
    [...graph.groups.values()].map(({ name, children, priority }) => [
      name,
      {
        name,
        hosts: descendants(graph, name),
        children: [...children],
        depth: depths.get(name) ?? 0,
        priority,
      },
    ]),
  )
}

/** The longest path from `all`. The graph has no cycles. */
function measureDepths(graph: Graph): Map<string, number> {
  const depths = new Map<string, number>()
  const measure = (name: string): number => {
    const known = depths.get(name)
    if (known !== undefined) return known
    const parents = [...(graph.groups.get(name)?.parents ?? [])]
    const depth = Math.max(-1, ...parents.map(measure)) + 1
    depths.set(name, depth)
    return depth
  }
  for (const name of graph.groups.keys()) measure(name)
  return depths
}

/** A group's own hosts, then those of its children, then of theirs: the order that Ansible has. */
function descendants(graph: Graph, name: string): string[] {
  const groups = [name]
  const hosts = new Set<string>()
  const seen = new Set(groups)
  for (let index = 0; index < groups.length; index++) {
    const group = graph.groups.get(groups[index] ?? '')
    for (const host of group?.hosts ?? []) hosts.add(host)
    for (const child of group?.children ?? []) {
      if (!seen.has(child)) groups.push(child)
      seen.add(child)
    }
  }
  return [...hosts]
}

/**
 * Every host with its groups and its variables, the later winning: `all` in the sources, groups in the sources by
 * depth, priority and name, `group_vars/all`, `group_vars/*`, the host's line, `host_vars/*`, extra variables.
 * Dicts are replaced, never merged.
 */
export function settleHosts(
  graph: Graph,
  groups: ReadonlyMap<string, Group>,
  folders: readonly VarsFolders[],
  extra: ReadonlyMap<string, Variable>,
): Map<string, Host> {
  const memberships = groupsOfHosts(groups)
  const order = groups.get('all')?.hosts ?? []
  return new Map(
    order.map(name => {
      const own = memberships.get(name) ?? []
      const variables = new Map<string, Variable>()
      for (const layer of layersOf(graph, name, own, folders, extra)) {
        for (const [key, variable] of layer ?? []) variables.set(key, variable)
      }
      return [name, { name, groups: own, variables }]
    }),
  )
}

type Layer = ReadonlyMap<string, Variable> | undefined

function layersOf(
  graph: Graph,
  host: string,
  groups: readonly string[],
  folders: readonly VarsFolders[],
  extra: ReadonlyMap<string, Variable>,
): Layer[] {
  return [
    graph.groups.get('all')?.variables,
    ...groups.map(group => graph.groups.get(group)?.variables),
    ...folders.map(folder => folder.groups.get('all')),
    ...folders.flatMap(folder => groups.map(group => folder.groups.get(group))),
    graph.hosts.get(host)?.variables,
    ...folders.map(folder => folder.hosts.get(host)),
    extra,
  ]
}

/** The groups of each host but `all`, by depth, priority and name. */
function groupsOfHosts(groups: ReadonlyMap<string, Group>): Map<string, string[]> {
  const memberships = new Map<string, string[]>()
  const sorted = [...groups.values()].filter(({ name }) => name !== 'all').sort(compareGroups)
  for (const { name, hosts } of sorted) {
    for (const host of hosts) {
      const own = memberships.get(host)
      if (own) own.push(name)
      else memberships.set(host, [name])
    }
  }
  return memberships
}

function compareGroups(a: Group, b: Group): number {
  if (a.depth !== b.depth) return a.depth - b.depth
  if (a.priority !== b.priority) return a.priority - b.priority
  return a.name < b.name ? -1 : 1
}
