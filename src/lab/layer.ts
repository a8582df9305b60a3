import { chmod, chown, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import { mustRun } from './command.ts'
import { leftovers } from './leftovers.ts'
import { CONTROLLER4, type HostPlan, hostNameOf } from './spec.ts'
import { type LabUser, readAccounts, USERS_GID, uidOf } from './users.ts'

/** What all hosts over one base root share, as the lower folders of their overlays, topmost first. */
export interface Layer {
  readonly lower: readonly string[]
}

export interface LayerWish {
  readonly base: string
  /** An empty folder to build in. */
  readonly folder: string
  readonly users: readonly LabUser[]
  readonly authorizedKeys: string
  readonly hosts: readonly HostPlan[]
  /** The line of apt's only source; empty where there is none. */
  readonly aptSource: string
}

interface LayerFile {
  readonly path: string
  readonly text: string
  readonly mode?: number
  readonly uid?: number
}

/** Folders of the base that a host must not see the content of; it gets empty ones. */
const EMPTY: readonly (readonly [path: string, mode: number])[] = [
  ['dev', 0o755],
  ['etc/apt', 0o755],
  ['home', 0o755],
  ['media', 0o755],
  ['mnt', 0o755],
  ['root', 0o700],
  ['run', 0o755],
  ['srv', 0o755],
  ['tmp', 0o1777],
  ['var/cache/apt', 0o755],
  ['var/lib/apt', 0o755],
  ['var/log', 0o755],
  ['var/tmp', 0o1777],
]

/** What must not be there at all: keys and rules of this machine, and what keeps packages from starting. */
const ABSENT = [
  '.dockerenv',
  'etc/iptables',
  'etc/rc.local',
  'etc/ssh/ssh_host_ecdsa_key',
  'etc/ssh/ssh_host_ecdsa_key.pub',
  'etc/ssh/ssh_host_ed25519_key',
  'etc/ssh/ssh_host_ed25519_key.pub',
  'etc/ssh/ssh_host_rsa_key',
  'etc/ssh/ssh_host_rsa_key.pub',
  'usr/sbin/policy-rc.d',
  'var/lib/fleet',
  // With it each package that is installed indexes all manual pages anew, for seconds.
  'var/lib/man-db/auto-update',
]

const FOLDERS = [
  'dev/pts',
  'dev/shm',
  'etc/apt/apt.conf.d',
  'etc/apt/preferences.d',
  'etc/apt/sources.list.d',
  'etc/apt/trusted.gpg.d',
  'var/cache/apt/archives/partial',
  'var/lib/apt/lists/partial',
  'var/lib/apt/periodic',
  'var/log/apt',
]

const SSHD_CONFIG = `Include /etc/ssh/sshd_config.d/lab.conf
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`

/**
 * Two folders: `mask` holds overlay's whiteouts (a device 0:0 says that the path isn't there), `files` above it
 * what takes their place. A folder that is masked and made again shows nothing of the base.
 */
export async function makeLayer(wish: LayerWish): Promise<Layer> {
  const mask = join(wish.folder, 'mask')
  const files = join(wish.folder, 'files')
  const stale = await leftovers(wish.base)
  const shared = [...(await sharedFiles(wish)), ...stale.files]
  const homes = wish.users.map(({ name }) => `home/${name}/.ssh`)
  await makeWhiteouts(mask, [...EMPTY.map(([path]) => path), ...ABSENT, ...stale.absent])
  await makeFolders(files, [...FOLDERS, 'root/.ssh', ...homes, ...EMPTY.map(([path]) => path)])
  await makeFolders(
    files,
    shared.map(({ path }) => dirname(path)),
  )
  await makeDevices(join(files, 'dev'))
  for (const [path, mode] of EMPTY) await dress(join(files, path), mode, 0)
  await dress(join(files, 'root/.ssh'), 0o700, 0)
  for (const { name } of wish.users) {
    const uid = uidOf(wish.users, name)
    await dress(join(files, 'home', name), 0o755, uid)
    await dress(join(files, 'home', name, '.ssh'), 0o700, uid)
  }
  for (const file of shared) await place(files, file)
  return { lower: [files, mask] }
}

async function sharedFiles(wish: LayerWish): Promise<readonly LayerFile[]> {
  const { passwd, shadow, sudoers } = await readAccounts(wish.base, wish.users)
  return [
    { path: 'etc/passwd', text: passwd },
    { path: 'etc/shadow', text: shadow, mode: 0o640 },
    { path: 'etc/sudoers', text: sudoers, mode: 0o440 },
    { path: 'etc/ssh/sshd_config', text: SSHD_CONFIG },
    { path: 'etc/hosts', text: hostsFile(wish.hosts) },
    // Nobody answers there, and says so at once: a name that isn't in /etc/hosts fails without a wait.
    { path: 'etc/resolv.conf', text: `nameserver ${CONTROLLER4}\n` },
    { path: 'etc/apt/sources.list', text: wish.aptSource },
    {
      path: 'etc/apt/apt.conf.d/70debconf',
      text: 'DPkg::Pre-Install-Pkgs {"/usr/sbin/dpkg-preconfigure --apt || true";};\n',
    },
    // What a login with a terminal looks for, and complains about.
    ...['btmp', 'lastlog', 'wtmp'].map(name => ({ path: `var/log/${name}`, text: '', mode: 0o660 })),
    { path: 'root/.ssh/authorized_keys', text: wish.authorizedKeys, mode: 0o600 },
    ...wish.users.map(({ name }) => ({
      path: `home/${name}/.ssh/authorized_keys`,
      text: wish.authorizedKeys,
      mode: 0o600,
      uid: uidOf(wish.users, name),
    })),
  ]
}

/** The names of all hosts, for the hosts themselves and for what runs on the controller. */
export function hostsFile(hosts: readonly HostPlan[]): string {
  const rows = hosts.flatMap(({ spec, address4, address6 }) => {
    const alias = spec.address === undefined || isIP(spec.address) !== 0 ? [] : [spec.address]
    const names = [...new Set([spec.name, hostNameOf(spec), ...alias])].join(' ')
    return [`${address4} ${names}`, `${address6} ${names}`]
  })
  return ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', ...rows, ''].join('\n')
}

async function place(folder: string, { path, text, mode = 0o644, uid = 0 }: LayerFile): Promise<void> {
  const target = join(folder, path)
  await writeFile(target, text)
  await dress(target, mode, uid)
}

async function dress(path: string, mode: number, uid: number): Promise<void> {
  await chmod(path, mode)
  if (uid !== 0) await chown(path, uid, USERS_GID)
}

/** By the shell, for its umask: a folder here gives its mode to the folder of every host. */
async function makeFolders(folder: string, paths: readonly string[]): Promise<void> {
  await mustRun(
    ['sh', '-ec', 'umask 022; while read -r path; do mkdir -p "$path"; done'],
    lines(folder, paths),
  )
}

async function makeWhiteouts(folder: string, paths: readonly string[]): Promise<void> {
  await makeFolders(folder, paths.map(dirname))
  await mustRun(['sh', '-ec', 'while read -r path; do mknod "$path" c 0 0; done'], lines(folder, paths))
}

/** The few devices a host needs, and none of this machine's others. */
async function makeDevices(folder: string): Promise<void> {
  const devices = ['null 1 3', 'zero 1 5', 'full 1 7', 'random 1 8', 'urandom 1 9', 'tty 5 0']
  const make = 'cd "$1"; while read -r name major minor; do mknod -m 666 "$name" c "$major" "$minor"; done'
  const link =
    'ln -s pts/ptmx ptmx; ln -s /proc/self/fd fd; ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr'
  await mustRun(['sh', '-ec', `${make}; ${link}`, 'sh', folder], `${devices.join('\n')}\n`)
}

const lines = (folder: string, paths: readonly string[]): string =>
  paths.map(path => `${join(folder, path)}\n`).join('')
