import { existsSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { readConfig } from '../config/read.ts'
import { type ConnectionFlags, connectionsOf } from '../inventory/connection.ts'
import type { Inventory } from '../inventory/inventory.ts'
import { readInventory } from '../inventory/read.ts'
import { selectHosts } from '../inventory/select.ts'
import { type Connection, HOST_KEY_CHECKING } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'
import type { Flags } from './command.ts'
import { flag, flagList } from './flag.ts'

/** Set inside `fleet lab run`: the lab's folder, whose variables win over the inventory's. */
export const LAB_VARIABLE = 'FLEET_LAB'
export const LAB_VARIABLES_FILE = 'variables.json'

/** What is written down: who is meant, and how hosts are reached, is another matter. */
export interface Sources {
  readonly inventory: Inventory
  readonly config: Config
  /** Where the hosts come from: absolute paths, or lists of hosts. */
  readonly sources: readonly string[]
  /** Warnings and notes. */
  readonly findings: readonly Finding[]
}

/** Everything known before anybody is contacted. */
export interface Inputs extends Sources {
  /** The hosts that are meant, in the order of the inventory. */
  readonly hosts: readonly Host[]
  readonly connections: ReadonlyMap<string, Connection>
  /** How any host of the inventory is reached, also one that isn't meant. Errors: as its row has them. */
  readonly reach: (host: string) => Connection
}

/** Reads inventory and fleet.yml. Throws `FleetErrors` with all that is wrong with them. */
export async function readSources(flags: Flags): Promise<Sources> {
  const cwd = process.cwd()
  const here = await readConfig(cwd)
  const sources = inventorySources(flags, here, cwd)
  await refusePattern(sources, here, cwd)
  const { inventory, findings } = await readInventory({
    sources,
    extraVars: [...labVariables(), ...flagList(flags, 'extra-vars')],
    cwd,
  })
  const config = sources === here.inventory ? here : await readConfig(inventory.directory)
  return {
    inventory,
    config,
    sources: sources.map(source => (source.includes(',') ? source : resolve(cwd, source))),
    findings,
  }
}

/**
 * The same, unless it was read, and how the hosts that are meant are reached. Throws `FleetErrors` with all that is wrong
 * with that.
 */
export async function readInputs(flags: Flags, before?: Sources): Promise<Inputs> {
  const read = before ?? (await readSources(flags))
  const { inventory, config, sources } = read
  const hosts = selectHosts(inventory, flag(flags, 'limit', 'string'))
  if (hosts.length === 0) throw new FleetError('no-hosts', { sources })
  const surroundings = { cwd: process.cwd(), home: homedir(), user: userInfo().username }
  const { connections, findings: said } = connectionsOf(hosts, connectionFlags(flags), surroundings)
  const notHonoured = await sshConfigEffects(hosts, surroundings.home, flags)
  return {
    ...read,
    hosts,
    connections,
    reach: name => connections.get(name) ?? connectTo(name, inventory, flags, surroundings),
    findings: [...read.findings, ...said, ...notHonoured, ...unknownGroups(config, inventory)],
  }
}

function connectTo(
  name: string,
  inventory: Inventory,
  flags: Flags,
  surroundings: Parameters<typeof connectionsOf>[2],
): Connection {
  const host = inventory.hosts.get(name)
  const { connections } = connectionsOf(host ? [host] : [], connectionFlags(flags), surroundings)
  const connection = connections.get(name)
  if (!connection) throw new FleetError('host-not-in-inventory', { host: name })
  return connection
}

/** Most controllers have no such file, and then nothing that reads it is loaded. */
async function sshConfigEffects(
  hosts: readonly Host[],
  home: string,
  flags: Flags,
): Promise<readonly Finding[]> {
  if (!existsSync(join(home, '.ssh', 'config'))) return []
  const { findSshConfigEffects } = await import('../inventory/ssh-config.ts')
  return findSshConfigEffects(hosts, home, flag(flags, 'user', 'string') !== undefined)
}

/** A typo there would leave hosts with only base. A warning: one fleet.yml may serve several inventories. */
function unknownGroups(config: Config, inventory: Inventory): readonly Finding[] {
  const unknown = [...config.roles].filter(([group]) => !inventory.groups.has(group))
  return unknown.map(([group, { at }]) => {
    const args = { group, nearest: nearest(group, inventory.groups.keys()) ?? null }
    return { code: 'roles-unknown-group', severity: 'warning', args, at }
  })
}

/** `-i`, the first word, what fleet.yml here says, `inventory.ini` or `inventory/` here. */
function inventorySources(flags: Flags, here: Config, cwd: string): readonly string[] {
  const listed = flagList(flags, 'inventory')
  if (listed.length > 0) return listed
  const standard = standardSources(here, cwd)
  if (standard) return standard
  throw new FleetError('no-inventory')
}

function standardSources(here: Config, cwd: string): readonly string[] | undefined {
  if (here.inventory) return here.inventory
  const found = ['inventory.ini', 'inventory'].find(name => existsSync(join(cwd, name)))
  return found === undefined ? undefined : [found]
}

/** A first word that is a group of the inventory here, and no file, was meant as `-l`. */
async function refusePattern(sources: readonly string[], here: Config, cwd: string): Promise<void> {
  const [word = '', ...more] = sources
  const standard = standardSources(here, cwd)
  if (more.length > 0 || word.includes(',') || !standard || existsSync(resolve(cwd, word))) return
  const { inventory } = await readInventory({ sources: standard, cwd })
  if (inventory.groups.has(word) || inventory.hosts.has(word))
    throw new FleetError('inventory-is-pattern', { word })
}

function labVariables(): readonly string[] {
  const lab = process.env[LAB_VARIABLE]
  return lab === undefined ? [] : [`@${join(lab, LAB_VARIABLES_FILE)}`]
}

function connectionFlags(flags: Flags): ConnectionFlags {
  const seconds = flag(flags, 'connect-timeout', 'number')
  return {
    user: flag(flags, 'user', 'string'),
    become: flag(flags, 'become', 'boolean'),
    privateKey: flag(flags, 'private-key', 'string'),
    becomePassword: flag(flags, 'become-password', 'string'),
    hostKeyChecking: HOST_KEY_CHECKING.find(word => word === flag(flags, 'host-key-checking', 'string')),
    connectTimeout: seconds === undefined ? undefined : seconds * 1000,
  }
}
