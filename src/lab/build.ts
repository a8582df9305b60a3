import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { basesOf } from './bases.ts'
import { CACHE } from './cache.ts'
import { mustRun } from './command.ts'
import { makeKey } from './furnish.ts'
import { hostsFile, makeLayer } from './layer.ts'
import { makeNetwork } from './network.ts'
import { layerFolder } from './places.ts'
import { controllerOf, type HostPlan, type LabSpec, stateDirOf } from './spec.ts'
import { fetchLists, packageStore } from './store.ts'
import { startServer } from './store-server.ts'
import { labUsers } from './users.ts'

/** Everything of a lab but its hosts: folders, keys, what hosts share, the network and the packages' server. */
export async function buildGround(spec: LabSpec, plans: readonly HostPlan[]): Promise<void> {
  const stateDir = stateDirOf(spec)
  const disks = join(stateDir, 'disks')
  await mustRun(['sh', '-c', 'umask 022; mkdir -p "$1" "$2"', 'sh', disks, join(stateDir, 'hosts')])
  // Memory is the hosts' disk: no journal to wait for, overlay works on it everywhere, and it goes in one umount.
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=755', `lab-${spec.name}`, disks])
  await writeFile(join(stateDir, 'lab.json'), JSON.stringify({ ...spec, stateDir }, null, 2))
  await writeFile(join(stateDir, 'hosts.txt'), hostsFile(plans))
  await makeKey(join(stateDir, 'id_ed25519'))
  await makeLayers(spec, plans, stateDir)
  await makeNetwork(controllerOf(spec.name), plans)
  if (wantsPackages(spec)) await serve(spec, plans, stateDir)
}

async function makeLayers(spec: LabSpec, plans: readonly HostPlan[], stateDir: string): Promise<void> {
  const own = await readFile(join(stateDir, 'id_ed25519.pub'), 'utf8')
  const authorizedKeys = [own.trim(), ...(spec.authorizedKeys ?? []), ''].join('\n')
  const more = Array.isArray(spec.packages) ? spec.packages : []
  for (const [index, base] of basesOf(plans).entries()) {
    const folder = layerFolder(stateDir, index)
    await mkdir(folder)
    const aptSource = wantsPackages(spec) ? (await packageStore(base, more)).source : ''
    await makeLayer({ base, folder, users: labUsers(spec.users), authorizedKeys, hosts: plans, aptSource })
  }
}

async function serve(spec: LabSpec, plans: readonly HostPlan[], stateDir: string): Promise<void> {
  const enter = ['nsenter', `--net=/run/netns/${controllerOf(spec.name)}`]
  await startServer({ enter, folder: CACHE, log: join(stateDir, 'store.log') })
  if (spec.aptLists !== true) return
  for (const index of basesOf(plans).keys()) {
    await fetchLists(enter, join(layerFolder(stateDir, index), 'files'), join(stateDir, 'disks'))
  }
}

const wantsPackages = ({ packages }: LabSpec): boolean => packages === true || Array.isArray(packages)
