import type { Host } from '../model/host.ts'
import { findVariable, readPort, readText } from './variable.ts'

/** The older names come first because they win in Ansible too. */
export const ADDRESS = ['ansible_ssh_host', 'ansible_host']
export const PORT = ['ansible_ssh_port', 'ansible_port']
export const USER = ['ansible_ssh_user', 'ansible_user']

/** Where a host listens. Throws `variable-opaque` and `variable-wrong-type`. */
export function readEndpoint(host: Host): { address: string; port: number } {
  return { address: readText(host, ADDRESS) ?? host.name, port: readPort(host, PORT) ?? 22 }
}

/** Whether the inventory itself says one of these, so that nothing of OpenSSH's configuration may change it. */
export const isSaid = (host: Host, names: readonly string[]) => findVariable(host, names) !== undefined
