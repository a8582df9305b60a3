import { resolve } from 'node:path'
import type { Connection } from '../model/connection.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { ADDRESS, PORT, readEndpoint, USER } from './endpoint.ts'
import { mistypedAmong } from './mistyped.ts'
import { readSshArguments } from './ssh-args.ts'
import { findVariable, readBoolean, readText } from './variable.ts'

/** What the command line says of connections. As in Ansible, a variable of the inventory wins over `-u`, `-b` and `--private-key`. */
export interface ConnectionFlags {
  readonly user?: string
  readonly become?: boolean
  readonly becomePassword?: string
  readonly privateKey?: string
  /** This one wins over the inventory, because Ansible has no such flag. */
  readonly hostKeyChecking?: Connection['hostKeyChecking']
  /** Milliseconds. */
  readonly connectTimeout?: number
}

/** Where fleet runs. */
export interface Surroundings {
  readonly cwd: string
  readonly home: string
  /** Who runs it: the user that OpenSSH would log in as. */
  readonly user: string
}

const KEY_FILE = ['ansible_ssh_private_key_file', 'ansible_private_key_file']
const BECOME_PASSWORD = ['ansible_become_pass', 'ansible_become_password', 'ansible_sudo_pass']
const OVER_SSH = [
  'ssh',
  'smart',
  'paramiko',
  'paramiko_ssh',
  'ansible.builtin.ssh',
  'ansible.builtin.paramiko_ssh',
]
/** Variables that would change how Ansible connects, and that fleet doesn't read. */
const NOT_READ = [
  'ansible_password',
  'ansible_ssh_pass',
  'ansible_ssh_password',
  'ansible_ssh_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_executable',
  'ansible_host_key_checking',
  'ansible_ssh_host_key_checking',
  'ansible_become_flags',
  'ansible_become_exe',
]
/** What else is one value or an error. */
const FIXED = ['ansible_connection', 'ansible_become_method', 'ansible_become_user']
const findMistyped = mistypedAmong([
  ...ADDRESS,
  ...PORT,
  ...USER,
  ...KEY_FILE,
  ...BECOME_PASSWORD,
  ...FIXED,
  ...NOT_READ,
  'ansible_become',
  'ansible_ssh_common_args',
])
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']

/**
 * The connection of each host. Throws `FleetErrors` with what is wrong of any of them; the findings are warnings.
 */
export function connectionsOf(
  hosts: Iterable<Host>,
  flags: ConnectionFlags,
  here: Surroundings,
): { connections: ReadonlyMap<string, Connection>; findings: readonly Finding[] } {
  const connections = new Map<string, Connection>()
  const findings = new Map<string, Finding>()
  const add = (finding: Finding) => findings.set(JSON.stringify(finding), finding)
  for (const host of hosts) {
    try {
      const read = connectionOf(host, flags, here)
      connections.set(host.name, read.connection)
      for (const finding of read.findings) add(finding)
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      add(error.finding)
    }
  }
  const all = [...findings.values()]
  if (all.some(({ severity }) => severity === 'error')) throw new FleetErrors(all)
  return { connections, findings: all }
}

/**
 * How to reach one host. Throws `variable-opaque`, `variable-wrong-type`, `connection-not-yet` or `bastion-not-yet`
 * at the place of the variable.
 */
export function connectionOf(
  host: Host,
  flags: ConnectionFlags,
  here: Surroundings,
): { connection: Connection; findings: readonly Finding[] } {
  refuseOthers(host)
  const ssh = readSshArguments(host)
  const keyFile = readText(host, KEY_FILE) ?? flags.privateKey
  const becomePassword = readText(host, BECOME_PASSWORD) ?? flags.becomePassword
  const userFiles = ssh.knownHostsFiles ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']
  const connection: Connection = {
    host: host.name,
    ...readEndpoint(host),
    user: readText(host, USER) ?? flags.user ?? here.user,
    ...(keyFile === undefined ? {} : { keyFile: expandPath(keyFile, here) }),
    become: readBoolean(host, ['ansible_become']) ?? flags.become ?? false,
    ...(becomePassword === undefined ? {} : { becomePassword }),
    hostKeyChecking: flags.hostKeyChecking ?? ssh.hostKeyChecking ?? 'strict',
    knownHostsFiles: [...userFiles.map(file => expandPath(file, here)), ...GLOBAL_KNOWN_HOSTS],
    connectTimeout: flags.connectTimeout ?? 10_000,
  }
  return { connection, findings: [...ssh.findings, ...findUnread(host), ...findMistyped(host)] }
}

/** What fleet can't do yet, or never will, must not be passed over. */
function refuseOthers(host: Host): void {
  const only: readonly [string, readonly string[]][] = [
    ['ansible_connection', OVER_SSH],
    ['ansible_become_method', ['sudo', 'ansible.builtin.sudo', 'community.general.sudo']],
    ['ansible_become_user', ['root']],
  ]
  for (const [name, allowed] of only) {
    const text = readText(host, [name])
    const at = host.variables.get(name)?.at
    if (text !== undefined && !allowed.includes(text)) {
      const args = { host: host.name, name, text, allowed: allowed[0] ?? '' }
      throw new FleetError('connection-not-yet', args, at ? { at } : {})
    }
  }
}

function findUnread(host: Host): Finding[] {
  return NOT_READ.flatMap(name => {
    const at = findVariable(host, [name])?.variable.at
    return at === undefined
      ? []
      : [{ code: 'connection-variable-ignored', severity: 'warning', args: { name }, at }]
  })
}

/** `~` is the home of whoever runs fleet; other paths are relative to where it runs, as in Ansible. */
function expandPath(path: string, { cwd, home }: Surroundings): string {
  return resolve(cwd, path.replace(/^~(?=\/|$)/, home))
}
