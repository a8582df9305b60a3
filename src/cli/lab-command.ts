import { join } from 'node:path'
import type { Lab } from '../lab/lab.ts'
import type { Connection } from '../model/connection.ts'

/** Of the lab's folder: by it OpenSSH's programs know the lab's key, its hosts' keys and ports, which no machine knows. */
export const SSH_CONFIG = 'ssh_config'
const OPENSSH = ['ssh', 'scp', 'sftp']

export function sshConfig(
  { keyFile, knownHosts }: Pick<Lab, 'keyFile' | 'knownHosts'>,
  connections: Iterable<Connection>,
): string {
  const ports = [...connections].filter(({ port }) => port !== 22)
  const lines = [
    ...ports.flatMap(({ host, address, port }) => [`Host ${host} ${address}`, `Port ${port}`]),
    'Host *',
    'User root',
    `IdentityFile ${keyFile}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${knownHosts}`,
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** A command as it is run in the lab: `fleet` is this very fleet, and `ssh web1` logs in. */
export function labCommand(
  [program = '', ...args]: readonly string[],
  stateDir: string,
  fleet: readonly string[],
): readonly string[] {
  if (program === 'fleet') return [...fleet, ...args]
  return OPENSSH.includes(program) ? [program, '-F', join(stateDir, SSH_CONFIG), ...args] : [program, ...args]
}
