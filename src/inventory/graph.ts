import type { Args, Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'
import type { Variable } from '../model/value.ts'
import type { HostStatement, Statement } from './statement.ts'

export interface GroupNode {
  readonly name: string
  /** Direct members, in order. */
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly parents: Set<string>
  readonly variables: Map<string, Variable>
  priority: number
}

export interface HostNode {
  readonly name: string
  readonly variables: Map<string, Variable>
  /** Where it was named first. */
  readonly at: Place
}

/** Groups and hosts as the sources built them up; `all` and `ungrouped` always exist. */
export interface Graph {
  readonly groups: Map<string, GroupNode>
  readonly hosts: Map<string, HostNode>
  readonly findings: Finding[]
}

/** Named as a child before it was declared. */
interface Pending {
  readonly at: Place
  readonly parents: { readonly name: string; readonly at: Place }[]
}

export function emptyGraph(): Graph {
  const graph: Graph = { groups: new Map(), hosts: new Map(), findings: [] }
  for (const name of ['all', 'ungrouped']) addGroup(graph, name)
  link(graph, 'all', 'ungrouped', { file: '' })
  return graph
}

/** Adds one source to the graph, in the order of its statements, because the order of members follows from it. */
export function addSource(graph: Graph, statements: readonly Statement[]): void {
  const waiting = new Map<string, Pending>()
  const onlyVariables = new Map<string, Place>()
  for (const statement of statements) {
    if (statement.kind === 'group') declare(graph, statement, waiting, onlyVariables)
    else if (statement.kind === 'child') addChild(graph, statement, waiting)
    else if (statement.kind === 'host') addHost(graph, statement)
    else setVariable(graph, statement)
  }
  for (const [group, { at, parents }] of waiting) {
    const args = { group, parents: parents.map(({ name }) => name) }
    report(graph, 'inventory-undeclared-child', { ...args, ...meant(graph, group, waiting) }, at)
  }
  for (const [group, at] of onlyVariables) {
    if (!waiting.has(group)) {
      report(graph, 'inventory-variables-only', { group, ...meant(graph, group, onlyVariables) }, at)
    }
  }
}

function declare(
  graph: Graph,
  { name, declares, at }: Extract<Statement, { kind: 'group' }>,
  waiting: Map<string, Pending>,
  onlyVariables: Map<string, Place>,
) {
  if (!declares && !graph.groups.has(name)) onlyVariables.set(name, at)
  addGroup(graph, name)
  if (!declares) return
  onlyVariables.delete(name)
  for (const parent of waiting.get(name)?.parents ?? []) link(graph, parent.name, name, parent.at)
  waiting.delete(name)
}

function addChild(
  graph: Graph,
  { parent, child, at }: Extract<Statement, { kind: 'child' }>,
  waiting: Map<string, Pending>,
) {
  if (graph.groups.has(child)) return link(graph, parent, child, at)
  const pending = waiting.get(child) ?? { at, parents: [] }
  pending.parents.push({ name: parent, at })
  waiting.set(child, pending)
}

function link(graph: Graph, parent: string, child: string, at: Place): void {
  const [above, below] = [graph.groups.get(parent), graph.groups.get(child)]
  if (above === undefined || below === undefined || above.children.has(child)) return
  if (parent === child || ancestors(graph, parent).has(child)) {
    report(graph, 'inventory-group-cycle', { group: parent, child }, at)
    return
  }
  above.children.add(child)
  below.parents.add(parent)
}

/** Every group above one. */
export function ancestors(graph: Graph, name: string): Set<string> {
  const found = new Set<string>()
  const next = [name]
  for (let group = next.pop(); group !== undefined; group = next.pop()) {
    for (const parent of graph.groups.get(group)?.parents ?? []) {
      if (!found.has(parent)) next.push(parent)
      found.add(parent)
    }
  }
  return found
}

function addHost(graph: Graph, { name, group, port, variables, at }: HostStatement) {
  const known = graph.hosts.get(name)
  const host = known ?? { name, variables: new Map<string, Variable>(), at }
  graph.hosts.set(name, host)
  graph.groups.get(group)?.hosts.add(name)
  if (port !== undefined && known === undefined) host.variables.set('ansible_port', { value: port, at })
  const standing = host.variables.get('ansible_port')
  if (
    port !== undefined &&
    known !== undefined &&
    standing?.value !== port &&
    !variables.has('ansible_port')
  ) {
    const first = `${known.at.file}:${known.at.line ?? 1}`
    graph.findings.push({
      code: 'inventory-port-ignored',
      severity: 'warning',
      args: { host: name, port, first },
      at,
    })
  }
  for (const [key, variable] of variables) host.variables.set(key, variable)
}

function setVariable(graph: Graph, { group, name, variable }: Extract<Statement, { kind: 'variable' }>) {
  const node = graph.groups.get(group)
  if (name !== 'ansible_group_priority') {
    node?.variables.set(name, variable)
    return
  }
  const text = typeof variable.value === 'object' ? '' : String(variable.value)
  if (node && /^[-+]?\d+$/.test(text)) node.priority = Number(text)
  else report(graph, 'inventory-bad-priority', { group, text }, variable.at)
}

function addGroup(graph: Graph, name: string) {
  if (graph.groups.has(name)) return
  graph.groups.set(name, {
    name,
    hosts: new Set(),
    children: new Set(),
    parents: new Set(),
    variables: new Map(),
    priority: 1,
  })
}

/** What Ansible does after the last source: everything is below `all`, and `ungrouped` holds the rest. */
export function settle(graph: Graph): void {
  for (const { name, parents } of graph.groups.values()) {
    if (name !== 'all' && parents.size === 0) link(graph, 'all', name, { file: '' })
  }
  const grouped = new Set<string>()
  for (const { name, hosts } of graph.groups.values()) {
    if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host)
  }
  for (const host of graph.hosts.values()) {
    if (grouped.has(host.name)) graph.groups.get('ungrouped')?.hosts.delete(host.name)
    else graph.groups.get('ungrouped')?.hosts.add(host.name)
    if (graph.groups.has(host.name)) report(graph, 'inventory-host-is-group', { host: host.name }, host.at)
  }
}

function report(graph: Graph, code: string, args: Args, at: Place): void {
  graph.findings.push({ code, severity: 'error', args, at })
}

/** The declared group that was probably meant. */
function meant(graph: Graph, name: string, undeclared: ReadonlyMap<string, unknown>): Args {
  const declared = [...graph.groups.keys()].filter(group => !undeclared.has(group))
  return { nearest: nearest(name, declared) ?? null }
}
