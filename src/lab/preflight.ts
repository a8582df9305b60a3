import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { FleetError } from '../model/error.ts'

/** A program and the Debian package that has it. */
export type Tool = readonly [program: string, debianPackage: string]

const ALWAYS: readonly Tool[] = [
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
  ['pivot_root', 'util-linux'],
  ['mount', 'mount'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
]

/** What a light host over the machine's own root needs inside: the machine has to have it. */
export const MACHINE_ROOT: readonly Tool[] = [
  ['sshd', 'openssh-server'],
  ['iptables', 'iptables'],
  ['ipset', 'ipset'],
  ['sudo', 'sudo'],
  ['ps', 'procps'],
]
export const SYSTEMD: readonly Tool[] = [['systemd-nspawn', 'systemd-container']]
export const PACKAGES: readonly Tool[] = [
  ['apt-get', 'apt'],
  ['dpkg-scanpackages', 'dpkg-dev'],
]
export const DEBOOTSTRAP: readonly Tool[] = [['debootstrap', 'debootstrap']]

/** Says before anything is made what would make it fail. Nothing here changes the machine. */
export async function checkMachine(more: readonly Tool[]): Promise<void> {
  if (process.platform !== 'linux') throw new FleetError('lab-needs-linux', { platform: process.platform })
  if (process.getuid?.() !== 0) throw new FleetError('lab-needs-root')
  for (const [tool, debianPackage] of [...ALWAYS, ...more]) {
    if (!(await isThere(tool))) throw new FleetError('lab-missing-tool', { tool, package: debianPackage })
  }
}

async function isThere(tool: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const tries = folders.map(folder => access(join(folder, tool), constants.X_OK).then(() => true))
  return await Promise.any(tries).catch(() => false)
}
