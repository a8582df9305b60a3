import { readFile, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pLimit from 'p-limit'
import { FleetError } from '../model/error.ts'
import { resolveRoot, toolsFor } from './bases.ts'
import { buildGround } from './build.ts'
import { removeCgroups } from './cgroups.ts'
import { runCommand } from './command.ts'
import { Controller } from './controller.ts'
import { furnish, type HostPlace } from './furnish.ts'
import { LabHost } from './host.ts'
import { namespaces, removeNamespaces } from './network.ts'
import { placeHosts } from './places.ts'
import { checkMachine } from './preflight.ts'
import { endProcessesIn } from './processes.ts'
import { controllerOf, type HostPlan, type LabSpec, namespaceOf, planHosts, stateDirOf } from './spec.ts'

/** Hosts that start at once: more only makes each slower. */
const STARTS = 8

/** A running lab. */
export class Lab extends Controller {
  readonly name: string
  readonly hosts: readonly LabHost[]

  constructor(spec: LabSpec, places: readonly HostPlace[]) {
    super(controllerOf(spec.name), stateDirOf(spec), places)
    this.name = spec.name
    this.hosts = places.map(place => new LabHost(place))
  }

  host(name: string): LabHost {
    const found = this.hosts.find(host => host.name === name)
    if (found === undefined) {
      throw new FleetError('lab-no-host', { lab: this.name, host: name, hosts: this.hosts.map(h => h.name) })
    }
    return found
  }

  /** Ends every process of the lab, takes its namespaces and its mount away and forgets it. */
  async stop(): Promise<void> {
    await removeLab(this.name, this.stateDir)
  }
}

/**
 * Starts a lab and answers when every host's sshd listens. What an earlier lab of that name left is removed first.
 * Throws `lab-needs-linux`, `lab-needs-root`, `lab-missing-tool`, `lab-bad-name`, `lab-host-failed`.
 */
export async function startLab(wish: LabSpec, say?: (line: string) => void): Promise<Lab> {
  planHosts(wish)
  await checkMachine(toolsFor(wish))
  const spec = { ...wish, hosts: await Promise.all(wish.hosts.map(host => resolveRoot(host, say))) }
  const plans = planHosts(spec)
  const stateDir = stateDirOf(spec)
  await removeLab(spec.name, stateDir)
  try {
    return await makeLab(spec, plans)
  } catch (error) {
    await removeLab(spec.name, stateDir)
    throw error
  }
}

/** A lab that another process started. Throws `lab-not-running`. */
export async function openLab(name: string, stateDir = stateDirOf({ name })): Promise<Lab> {
  const text = await readFile(join(stateDir, 'lab.json'), 'utf8').catch(cause => {
    throw new FleetError('lab-not-running', { lab: name, folder: stateDir }, { cause })
  })
  // Our own file, written whole before a host starts.
  const spec: LabSpec = JSON.parse(text)
  return new Lab(spec, placeHosts(spec, planHosts(spec)))
}

/** Stops a lab that any process started, or what is left of one. Answers whether there was anything. */
export async function stopLab(name: string, stateDir = stateDirOf({ name })): Promise<boolean> {
  return await removeLab(name, stateDir)
}

async function makeLab(spec: LabSpec, plans: readonly HostPlan[]): Promise<Lab> {
  await buildGround(spec, plans)
  const places = placeHosts(spec, plans)
  const lab = new Lab(spec, places)
  const limit = pLimit(STARTS)
  const keys = await Promise.all(
    places.map((place, index) => limit(() => startHost(place, lab.hosts[index]))),
  )
  await lab.publish(keys)
  return lab
}

async function startHost(place: HostPlace, host: LabHost | undefined): Promise<string> {
  const key = await furnish(place)
  await host?.boot()
  return key
}

/** By the names of its namespaces and its folder alone, so that it works on what a crash left. */
async function removeLab(name: string, stateDir: string): Promise<boolean> {
  const prefix = controllerOf(name)
  const text = await readFile(join(stateDir, 'lab.json'), 'utf8').catch(() => undefined)
  const spec: Pick<LabSpec, 'hosts'> = text === undefined ? { hosts: [] } : JSON.parse(text)
  const known = new Set([prefix, ...spec.hosts.map(host => namespaceOf(name, host.name))])
  const own = (await namespaces()).filter(namespace => known.has(namespace))
  await endProcessesIn(own)
  await removeCgroups(own)
  await removeNamespaces(own)
  await runCommand(['umount', '--lazy', join(stateDir, 'disks')])
  await rm(stateDir, { recursive: true, force: true })
  await rmdir(dirname(stateDir)).catch(() => undefined)
  return own.length > 0 || text !== undefined
}
