import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FleetError } from '../model/error.ts'
import { CACHE, cached, cachePath } from './cache.ts'
import { mustRun, runCommand } from './command.ts'
import { type Archive, archiveOf } from './mirror.ts'
import { CONTROLLER4 } from './spec.ts'

/** What a host may need to install: all that keeps rules, with everything below it. */
const PACKAGES = ['conntrack', 'ipset', 'ipset-persistent', 'iptables', 'iptables-persistent', 'nftables']
export const STORE_PORT = 8000

/** The packages of one release in a folder, with the index that apt reads. */
export interface Store {
  readonly folder: string
  /** The line of sources.list by which a host of the lab reaches it. */
  readonly source: string
}

interface Distribution {
  readonly id: string
  readonly codename: string
}

/**
 * The store for hosts over a root: downloaded once with this machine's apt and kept. `more` are packages that hosts
 * shall find besides those that keep rules. Throws `lab-packages-failed`, `lab-unknown-distribution`.
 */
export async function packageStore(root: string, more: readonly string[] = []): Promise<Store> {
  const distribution = await distributionOf(root)
  const archive = await archiveOf(distribution.id)
  if (archive === undefined) throw new FleetError('lab-unknown-distribution', { root, ...distribution })
  // Each of `more` by itself: what a host can't have beside iptables-persistent, such as ufw, lies there too.
  const wishes = [PACKAGES, ...more.filter(name => !PACKAGES.includes(name)).map(name => [name])]
  const path = cachePath(CACHE, `packages-${distribution.codename}`, wishes.flat())
  const folder = await cached(path, draft => download(distribution, archive, wishes, draft))
  return { folder, source: `deb [trusted=yes] http://${CONTROLLER4}:${STORE_PORT}/${basename(folder)}/ ./\n` }
}

async function download(
  { codename }: Distribution,
  { mirror, components, keyring }: Archive,
  wishes: readonly (readonly string[])[],
  draft: string,
): Promise<void> {
  const apt = join(draft, 'apt')
  for (const folder of ['lists/partial', 'archives/partial', 'parts']) {
    await mkdir(join(apt, folder), { recursive: true })
  }
  await writeFile(
    join(apt, 'sources.list'),
    `deb [signed-by=${keyring}] ${mirror} ${codename} ${components}\n`,
  )
  // An empty status: as if nothing were installed, so that everything down to libc is in the store.
  await writeFile(join(apt, 'status'), '')
  const get = ['apt-get', '-qq', ...aptOptions(apt)]
  const install = ['install', '--yes', '--download-only', '--no-install-recommends']
  for (const step of [['update'], ...wishes.map(names => [...install, ...names])]) {
    const { code, stderr } = await runCommand([...get, ...step])
    if (code !== 0) throw new FleetError('lab-packages-failed', { mirror, said: stderr.trim().slice(-1500) })
  }
  await mustRun(['sh', '-c', 'mv "$1"/archives/*.deb "$2"', 'sh', apt, draft])
  await rm(apt, { recursive: true })
  await writeFile(join(draft, 'Packages'), await mustRun(['env', '-C', draft, 'dpkg-scanpackages', '.']))
}

/**
 * apt's lists of the store as a host would fetch them, fetched once on the controller. `enter` is the command
 * prefix that leads there.
 */
export async function fetchLists(enter: readonly string[], layer: string, scratch: string): Promise<void> {
  const apt = join(scratch, 'apt')
  const lists = join(layer, 'var/lib/apt/lists')
  await mkdir(join(apt, 'parts'), { recursive: true })
  await writeFile(join(apt, 'status'), '')
  const source = await readFile(join(layer, 'etc/apt/sources.list'), 'utf8')
  await writeFile(join(apt, 'sources.list'), source)
  await mkdir(join(apt, 'lists/partial'), { recursive: true })
  await mkdir(join(apt, 'archives/partial'), { recursive: true })
  await mustRun([...enter, 'apt-get', '-qq', ...aptOptions(apt), 'update'])
  await rm(lists, { recursive: true })
  await rename(join(apt, 'lists'), lists)
  await rm(apt, { recursive: true })
}

/** apt in a folder of its own: neither this machine's lists nor its cache nor what it has installed. */
function aptOptions(folder: string): readonly string[] {
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': join(folder, 'parts'),
    'Dir::Etc::preferencesparts': join(folder, 'parts'),
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': folder,
    'Dir::Cache::archives': join(folder, 'archives'),
    'Acquire::GzipIndexes': 'false',
    'APT::Sandbox::User': 'root',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

async function distributionOf(root: string): Promise<Distribution> {
  const text = await readFile(join(root, 'etc/os-release'), 'utf8').catch(() => '')
  const read = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return { id: read('ID'), codename: read('VERSION_CODENAME') }
}
