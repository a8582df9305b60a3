import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pLimit from 'p-limit'
import { FleetError } from '../model/error.ts'
import { removeCgroups } from './cgroups.ts'
import { mustRun, runCommand } from './command.ts'
import { Controller } from './controller.ts'
import { furnish, type HostPlace, makeKey } from './furnish.ts'
import { LabHost } from './host.ts'
import { hostsFile, makeLayer } from './layer.ts'
import { makeNetwork, namespaces, removeNamespaces } from './network.ts'
import { checkMachine, MACHINE_ROOT, SYSTEMD, type Tool } from './preflight.ts'
import { endProcessesIn } from './processes.ts'
import { debianRoot, isRelease } from './root.ts'
import { controllerOf, type HostPlan, type HostSpec, type LabSpec, planHosts, stateDirOf } from './spec.ts'
import { labUsers } from './users.ts'

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
export async function startLab(wish: LabSpec): Promise<Lab> {
  planHosts(wish)
  await checkMachine(toolsFor(wish))
  const spec = { ...wish, hosts: await Promise.all(wish.hosts.map(resolveRoot)) }
  const plans = planHosts(spec)
  const stateDir = stateDirOf(spec)
  await removeLab(spec.name, stateDir)
  try {
    return await makeLab(spec, plans, stateDir)
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

function toolsFor({ hosts }: LabSpec): readonly Tool[] {
  const overMachine = hosts.some(host => rootOf(host) === 'machine')
  const systemd = hosts.some(host => host.systemd === true)
  return [...(overMachine ? MACHINE_ROOT : []), ...(systemd ? SYSTEMD : [])]
}

const rootOf = (host: HostSpec): string => host.root ?? (host.systemd === true ? 'bookworm' : 'machine')

async function resolveRoot(host: HostSpec): Promise<HostSpec> {
  const root = rootOf(host)
  if (isRelease(root)) return { ...host, root: await debianRoot(root) }
  return { ...host, root: root === 'machine' ? '/' : root }
}

async function makeLab(spec: LabSpec, plans: readonly HostPlan[], stateDir: string): Promise<Lab> {
  const places = placeHosts(spec, plans)
  await mkdir(join(stateDir, 'disks'), { recursive: true, mode: 0o755 })
  // Memory is the hosts' disk: no journal to wait for, overlay works on it everywhere, and it goes in one umount.
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=755', `lab-${spec.name}`, join(stateDir, 'disks')])
  await writeFile(join(stateDir, 'lab.json'), JSON.stringify({ ...spec, stateDir }, null, 2))
  await makeKey(join(stateDir, 'id_ed25519'))
  await writeFile(join(stateDir, 'hosts.txt'), hostsFile(plans))
  await makeLayers(spec, plans, stateDir)
  await makeNetwork(controllerOf(spec.name), plans)
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

function placeHosts(spec: LabSpec, plans: readonly HostPlan[]): readonly HostPlace[] {
  const stateDir = stateDirOf(spec)
  const roots = rootsOf(plans)
  return plans.map(plan => {
    const base = baseOf(plan)
    const layer = join(stateDir, 'disks', `layer${roots.indexOf(base)}`)
    return {
      plan,
      controller: controllerOf(spec.name),
      state: join(stateDir, 'hosts', plan.spec.name),
      disk: join(stateDir, 'disks', plan.spec.name),
      log: join(stateDir, 'hosts', `${plan.spec.name}.log`),
      lower: [join(layer, 'files'), join(layer, 'mask'), base],
    }
  })
}

async function makeLayers(spec: LabSpec, plans: readonly HostPlan[], stateDir: string): Promise<void> {
  const own = await readFile(join(stateDir, 'id_ed25519.pub'), 'utf8')
  const authorizedKeys = [own.trim(), ...(spec.authorizedKeys ?? []), ''].join('\n')
  for (const [index, base] of rootsOf(plans).entries()) {
    const folder = join(stateDir, 'disks', `layer${index}`)
    await makeLayer({
      base,
      folder,
      users: labUsers(spec.users),
      authorizedKeys,
      hosts: plans,
      aptSource: '',
    })
  }
}

const baseOf = ({ spec }: HostPlan): string => spec.root ?? '/'
const rootsOf = (plans: readonly HostPlan[]): readonly string[] => [...new Set(plans.map(baseOf))]

/** By the names of its namespaces and its folder alone, so that it works on what a crash left. */
async function removeLab(name: string, stateDir: string): Promise<boolean> {
  const prefix = controllerOf(name)
  const text = await readFile(join(stateDir, 'lab.json'), 'utf8').catch(() => undefined)
  const spec: Pick<LabSpec, 'hosts'> = text === undefined ? { hosts: [] } : JSON.parse(text)
  const known = new Set([prefix, ...spec.hosts.map(host => `${prefix}-${host.name}`)])
  const own = (await namespaces()).filter(namespace => known.has(namespace))
  await endProcessesIn(own)
  await removeCgroups(own)
  await removeNamespaces(own)
  await runCommand(['umount', '--lazy', join(stateDir, 'disks')])
  await rm(stateDir, { recursive: true, force: true })
  await rmdir(dirname(stateDir)).catch(() => undefined)
  return own.length > 0 || text !== undefined
}
