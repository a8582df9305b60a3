import { excludeCidr } from 'cidr-tools'
import { aggregate } from '../address/aggregate.ts'
import { parseNetworks } from '../address/network.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import type { Host } from '../model/host.ts'
import { canonical, cidrsOf } from './span.ts'

/** Prefixes that are shorter say no more than "from anywhere": such a network protects nobody. */
const SHORTEST = { 4: 7, 6: 15 } as const

/** The networks that manage a host, as its row has them. Throws `variable-opaque`. */
export function managementOf(host: Host): readonly string[] {
  const said = fleetList(host, 'fleet_management') ?? []
  return said.flatMap(text => {
    const { family, cidrs } = parseNetworks(text)
    return cidrs.filter(cidr => Number(cidr.split('/')[1]) >= SHORTEST[family]).map(canonical)
  })
}

/** What no block keeps out of a host: who manages it, but for what somebody blocked all the same. */
export function allowOf(host: Host, even: readonly string[]): readonly string[] {
  const management = managementOf(host)
  if (management.length === 0) return []
  const left = even.length === 0 ? management : excludeCidr([...management], even.flatMap(cidrsOf))
  return aggregate(left).map(canonical)
}
