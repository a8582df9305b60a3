import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import { readEndpoint } from './endpoint.ts'

/** Hosts that are one and the same machine under two names: two guards would fight for it. */
export function findSharedAddresses(hosts: ReadonlyMap<string, Host>): Finding[] {
  const first = new Map<string, string>()
  return [...hosts.values()].flatMap(host => {
    const endpoint = endpointOf(host)
    const other = endpoint === undefined ? undefined : first.get(endpoint)
    if (endpoint !== undefined && other === undefined) first.set(endpoint, host.name)
    if (endpoint === undefined || other === undefined) return []
    const at = (host.variables.get('ansible_host') ?? host.variables.get('ansible_ssh_host'))?.at
    const args = { host: host.name, other, endpoint }
    return [{ code: 'inventory-shared-address', severity: 'warning', args, ...(at ? { at } : {}) }]
  })
}

/** Faults of the variables are told where the connection is made. */
function endpointOf(host: Host): string | undefined {
  try {
    const { address, port } = readEndpoint(host)
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  } catch {
    return undefined
  }
}
