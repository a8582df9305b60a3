import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FleetError } from '../model/error.ts'
import { CACHE, cached, cachePath } from './cache.ts'
import { runCommand } from './command.ts'
import { archiveOf } from './mirror.ts'
import { checkMachine, DEBOOTSTRAP } from './preflight.ts'

/** Debian releases that a root is made of. */
const RELEASES = ['bullseye', 'bookworm', 'trixie'] as const
export type Release = (typeof RELEASES)[number]

export const isRelease = (text: string): text is Release => RELEASES.some(release => release === text)

/** What a server has that fleet meets, with two shells that aren't POSIX's, and nothing of Python. */
const INCLUDE = (
  'systemd systemd-sysv dbus libpam-systemd openssh-server sudo procps kmod netbase ' +
  'iptables nftables ipset conntrack iproute2 iputils-ping netcat-openbsd busybox tcsh'
).split(' ')

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
 * its recipe. Throws `lab-root-failed`.
 */
export async function debianRoot(
  release: Release,
  { say, cache = CACHE }: RootOptions = {},
): Promise<string> {
  const root = cachePath(cache, release, [INCLUDE, FINISH])
  return await cached(root, async draft => await buildRoot(release, draft, say))
}

async function buildRoot(release: Release, draft: string, say: RootOptions['say']): Promise<void> {
  await checkMachine(DEBOOTSTRAP)
  const mirror = (await archiveOf('debian'))?.mirror ?? ''
  say?.(`making a root of Debian ${release} from ${mirror}, once: about a minute`)
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
  if (code === 0 && (await runCommand(['env', '-C', draft, 'sh', '-c', FINISH])).code === 0) return
  const log = await readFile(join(draft, 'debootstrap/debootstrap.log'), 'utf8').catch(() => '')
  throw new FleetError('lab-root-failed', { release, mirror, said: `${stdout}${log}`.trim().slice(-1500) })
}

/** debootstrap doesn't ask apt which proxy to use. */
async function proxy(): Promise<readonly string[]> {
  const { code, stdout } = await runCommand(['apt-config', 'shell', 'url', 'Acquire::http::Proxy'])
  const url = /^url='(.+)'$/m.exec(stdout)?.[1]
  return code === 0 && url !== undefined && url !== 'DIRECT' ? [`http_proxy=${url}`] : []
}
