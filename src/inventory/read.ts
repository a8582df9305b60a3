import { join, resolve } from 'node:path'
import { FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { readExtraVars } from './extra-vars.ts'
import { checkFleetVariables } from './fleet-variables.ts'
import { addSource, emptyGraph, type Graph, settle } from './graph.ts'
import type { Inventory } from './inventory.ts'
import { findRoleConflicts } from './role-conflict.ts'
import { settleGroups, settleHosts, type VarsFolders } from './settle.ts'
import { findSharedAddresses } from './shared-address.ts'
import { readSource, type Source } from './sources.ts'
import { readVarsFolder, type VarsFolder } from './vars-files.ts'

export interface InventoryOptions {
  /** Each `-i`: a file, a folder, or a list of hosts with a comma in it. The later wins. */
  readonly sources: readonly string[]
  /** Each `-e`. */
  readonly extraVars?: readonly string[]
  /** What the paths are relative to. */
  readonly cwd: string
}

export interface InventoryReading {
  readonly inventory: Inventory
  /** Warnings only. */
  readonly findings: readonly Finding[]
}

/**
 * Reads inventories with the variables beside them. Reads to the end, then throws `FleetErrors` with everything that
 * is wrong: an inventory that can't be read whole contacts nobody.
 */
export async function readInventory(options: InventoryOptions): Promise<InventoryReading> {
  const { cwd } = options
  const sources: Source[] = []
  for (const source of options.sources) sources.push(await readSource(source, cwd))
  const graph = buildGraph(sources)
  const folders = await readFolders(sources, graph, cwd)
  const extra = await readExtraVars(options.extraVars ?? [], cwd)
  const findings = [
    ...sources.flatMap(({ readings }) => readings.flatMap(reading => reading.findings)),
    ...graph.findings,
    ...folders.findings,
    ...extra.findings,
    ...checkLayers(graph, folders.list, extra.variables),
  ]
  throwErrors(findings)
  const groups = settleGroups(graph)
  const hosts = settleHosts(graph, groups, folders.list, extra.variables)
  findings.push(...findRoleConflicts(graph, hosts, folders.list), ...findSharedAddresses(hosts))
  throwErrors(findings)
  const hostSources = new Map([...graph.hosts].map(([name, { at }]) => [name, at]))
  return { inventory: { hosts, groups, hostSources, directory: directoryOf(sources, cwd) }, findings }
}

function buildGraph(sources: readonly Source[]): Graph {
  const graph = emptyGraph()
  for (const { statements } of sources.flatMap(({ readings }) => readings)) addSource(graph, statements)
  settle(graph)
  return graph
}

/** The folders beside the sources, once each, in the order in which they win. */
async function readFolders(sources: readonly Source[], graph: Graph, cwd: string) {
  const list: VarsFolders[] = []
  const findings: Finding[] = []
  const folders = sources.map(({ folder }) => folder).filter(folder => folder !== undefined)
  const last = folders.filter((folder, index) => folders.lastIndexOf(folder) === index)
  for (const folder of last) {
    const groups = await readVarsFolder(join(folder, 'group_vars'), graph.groups.keys(), cwd)
    const hosts = await readVarsFolder(join(folder, 'host_vars'), graph.hosts.keys(), cwd)
    list.push({ groups: groups.variables, hosts: hosts.variables })
    findings.push(...groups.findings, ...hosts.findings, ...findPriorities(groups.variables))
  }
  return { list, findings }
}

/** Ansible reads priorities in inventories only. */
function findPriorities(folder: VarsFolder): Finding[] {
  return [...folder].flatMap(([group, variables]) => {
    const at = variables.get('ansible_group_priority')?.at
    if (at === undefined) return []
    return [{ code: 'vars-priority-ignored', severity: 'warning', args: { group }, at }]
  })
}

function checkLayers(
  graph: Graph,
  folders: readonly VarsFolders[],
  extra: Parameters<typeof checkFleetVariables>[0],
) {
  const layers = [
    ...[...graph.groups.values(), ...graph.hosts.values()].map(({ variables }) => variables),
    ...folders.flatMap(({ groups, hosts }) => [...groups.values(), ...hosts.values()]),
    extra,
  ]
  // A line with a range gives all its hosts the same variable: it is told once.
  const findings = layers.flatMap(checkFleetVariables)
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}

function throwErrors(findings: readonly Finding[]): void {
  if (findings.some(({ severity }) => severity === 'error')) throw new FleetErrors(findings)
}

const directoryOf = (sources: readonly Source[], cwd: string) =>
  resolve(cwd, sources.find(({ folder }) => folder !== undefined)?.folder ?? '.')
