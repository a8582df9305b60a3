import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { FleetError } from '../model/error.ts'
import { runCommand } from './command.ts'
import { checkMachine, DEBOOTSTRAP } from './preflight.ts'

/** Debian releases that a root is made of. */
export const RELEASES = ['bullseye', 'bookworm', 'trixie'] as const
export type Release = (typeof RELEASES)[number]

export const isRelease = (text: string): text is Release => RELEASES.some(release => release === text)

const CACHE = '/var/cache/fleet-lab'
const DEBIAN = 'http://deb.debian.org/debian'
/** What a server has that fleet meets, with two shells that aren't POSIX's, and nothing of Python. */
const INCLUDE = [
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'libpam-systemd',
    'openssh-server',
    'sudo',
    'procps',
    'kmod',
    'netbase',
  ],
  ...['iptables', 'nftables', 'ipset', 'conntrack', 'iproute2', 'iputils-ping', 'netcat-openbsd'],
  ...['busybox', 'tcsh'],
]

/**
 * What one machine's root must not share with another, and what would only make noise in a lab: timers that want
 * the internet. The debs that it was made of go as well.
 */
const FINISH = `
set -eu
rm -f etc/ssh/ssh_host_* etc/hostname var/cache/apt/archives/*.deb var/lib/apt/lists/*_*
: >etc/machine-id
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
`

export interface RootOptions {
  /** Told in words what takes so long. */
  readonly say?: (line: string) => void
  /** Where roots are kept; /var/cache/fleet-lab by default. */
  readonly cache?: string
}

/**
 * The path of a root of a Debian release, made by debootstrap the first time (a minute) and kept under the hash of
 * its recipe. It's built beside its place and renamed, under a lock: neither an end in the middle nor two at once
 * leaves half a root. Throws `lab-root-failed`.
 */
export async function debianRoot(
  release: Release,
  { say, cache = CACHE }: RootOptions = {},
): Promise<string> {
  const recipe = createHash('sha256')
    .update(JSON.stringify([release, INCLUDE, FINISH]))
    .digest('hex')
  const root = join(cache, `${release}-${recipe.slice(0, 12)}`)
  if (await exists(root)) return root
  await checkMachine(DEBOOTSTRAP)
  await mkdir(cache, { recursive: true })
  const unlock = await lock(cache, {
    lockfilePath: `${root}.lock`,
    stale: 20_000,
    retries: { retries: 900, minTimeout: 1000, maxTimeout: 1000 },
  })
  try {
    if (!(await exists(root))) await buildRoot(release, root, say)
    return root
  } finally {
    await unlock()
  }
}

async function buildRoot(release: Release, root: string, say: RootOptions['say']): Promise<void> {
  const draft = `${root}.draft`
  const mirror = await debianMirror()
  say?.(`making a root of Debian ${release} from ${mirror}, once: about a minute`)
  await rm(draft, { recursive: true, force: true })
  const debootstrap = [
    'debootstrap',
    '--variant=minbase',
    `--include=${INCLUDE.join(',')}`,
    release,
    draft,
    mirror,
  ]
  // In a mount namespace of its own: the /proc that debootstrap mounts in the draft dies with it, however it ends.
  const apart = ['unshare', '--mount', '--propagation', 'private', 'env', ...(await proxy())]
  const { code, stdout } = await runCommand([...apart, ...debootstrap])
  const finished = code === 0 && (await runCommand(['env', '-C', draft, 'sh', '-c', FINISH])).code === 0
  if (!finished) {
    const log = await readFile(join(draft, 'debootstrap/debootstrap.log'), 'utf8').catch(() => '')
    throw new FleetError('lab-root-failed', { release, mirror, said: `${stdout}${log}`.trim().slice(-1500) })
  }
  await rename(draft, root)
}

/** Debian's mirror as this machine's apt knows it; the official one on a machine that has none. */
export async function debianMirror(etc = '/etc/apt'): Promise<string> {
  const folder = join(etc, 'sources.list.d')
  const names = await readdir(folder).catch(() => [])
  const paths = [join(etc, 'sources.list'), ...names.sort().map(name => join(folder, name))]
  const texts = await Promise.all(paths.map(path => readFile(path, 'utf8').catch(() => '')))
  return texts.flatMap(mirrors).find(url => /\/debian\/?$/.test(url)) ?? DEBIAN
}

/** The addresses in either of apt's formats: `deb [options] URL suite`, or `URIs: URL ...`. */
function mirrors(text: string): readonly string[] {
  const lists = [...text.matchAll(/^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:)\s*(.*)$/gm)]
  return lists.flatMap(list => (list[1] ?? '').split(/\s+/).filter(word => /^https?:/.test(word)))
}

/** debootstrap doesn't ask apt which proxy to use. */
async function proxy(): Promise<readonly string[]> {
  const { code, stdout } = await runCommand(['apt-config', 'shell', 'url', 'Acquire::http::Proxy'])
  const url = /^url='(.+)'$/m.exec(stdout)?.[1]
  return code === 0 && url !== undefined && url !== 'DIRECT' ? [`http_proxy=${url}`] : []
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
