import { familyOf } from '../address/network.ts'
import { findFeed } from '../feeds/named.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import { FleetError } from '../model/error.ts'
import type { PerFamily } from '../model/family.ts'
import type { Host } from '../model/host.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'

interface BookAddress {
  readonly text: string
  readonly at: Place
}

/** What `feed:NAME` and `country:NAME` stand for: lists of networks, IPv4 and IPv6. Errors at `at`: `feed-unknown`, `source-feed-untaken`. */
export type Lists = (word: string, at: Place) => PerFamily<readonly string[]>

/** Answers `group:NAME`, `host:NAME`, `feed:NAME` and `country:NAME`. */
export interface AddressBook {
  readonly list: Lists
  /**
   * The addresses of a host, or of every host of a group (`all` included). Errors at `at`:
   * `source-unknown`, and `source-member-without-address` for a host that nobody gave an address.
   */
  addresses(kind: 'group' | 'host', name: string, at: Place): readonly BookAddress[]
  /** How a word that is no address would be said: `anywhere`, `group:NAME` or `host:NAME`. */
  meant(word: string): string | undefined
}

/**
 * The book of an inventory: all its hosts, whatever `--limit` says. An address is `ansible_host` where it is one, and
 * `fleet_addresses`. Without `list` there are no feeds.
 */
export function makeBook(hosts: readonly Host[], list: Lists = noLists): AddressBook {
  const byName = new Map(hosts.map(host => [host.name, host]))
  const byGroup = new Map<string, Host[]>([['all', [...hosts]]])
  for (const host of hosts) {
    for (const group of host.groups) byGroup.set(group, [...(byGroup.get(group) ?? []), host])
  }
  const members = (kind: string, name: string) => {
    const host = byName.get(name)
    return kind === 'group' ? byGroup.get(name) : host && [host]
  }
  return {
    list,
    addresses(kind, name, at) {
      const found = members(kind, name)
      if (found) return found.flatMap(host => addressesOf(host, `${kind}:${name}`, at))
      const near = nearest(name, (kind === 'group' ? byGroup : byName).keys()) ?? null
      throw new FleetError('source-unknown', { kind, name, nearest: near }, { at })
    },
    meant(word) {
      if (byGroup.has(word)) return `group:${word}`
      if (byName.has(word)) return `host:${word}`
      return word === 'any' ? 'anywhere' : nearest(word, ['anywhere'])
    },
  }
}

const noLists: Lists = (word, at) => {
  findFeed(word, [], at)
  return { 4: [], 6: [] }
}

function addressesOf(host: Host, reference: string, at: Place): BookAddress[] {
  const addresses = [...connectionAddress(host), ...moreAddresses(host)]
  if (addresses.length > 0) return addresses
  const named = addressVariable(host)?.value
  const text = typeof named === 'string' ? named : null
  throw new FleetError('source-member-without-address', { host: host.name, reference, text }, { at })
}

const addressVariable = ({ variables }: Host) =>
  variables.get('ansible_host') ?? variables.get('ansible_ssh_host')

function connectionAddress(host: Host): BookAddress[] {
  const said = addressVariable(host)
  if (said)
    return typeof said.value === 'string' && familyOf(said.value) ? [{ text: said.value, at: said.at }] : []
  return familyOf(host.name) ? [{ text: host.name, at: { file: 'inventory' } }] : []
}

/** Throws `variable-opaque`. */
function moreAddresses(host: Host): BookAddress[] {
  const at = host.variables.get('fleet_addresses')?.at
  return at ? (fleetList(host, 'fleet_addresses') ?? []).map(text => ({ text, at })) : []
}
