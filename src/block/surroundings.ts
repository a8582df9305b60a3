import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { unmapped } from '../address/mistake.ts'
import { familyOf, parseNetworks } from '../address/network.ts'
import { fleetList } from '../inventory/fleet-variables.ts'
import type { Connection } from '../model/connection.ts'
import type { Host } from '../model/host.ts'
import { managementOf } from './management.ts'
import type { Protected } from './protect.ts'

/** Milliseconds for all names together: a resolver that is down must not hold up a block. */
const PATIENCE = 2000

export interface Guarded {
  readonly all: readonly Protected[]
  /** Names that had no answer in time: their addresses aren't known here, and the hosts themselves refuse them. */
  readonly unresolved: readonly string[]
}

/** What may not be kept out: this machine, every host of the inventory, who manages them. */
export async function findGuarded(
  hosts: readonly Host[],
  addressOf: (host: string) => Connection['address'] | undefined,
): Promise<Guarded> {
  const reached = hosts.map(({ name }) => ({ name, address: unmapped(addressOf(name) ?? name) }))
  const literal = reached.filter(({ address }) => isIP(address) !== 0)
  const { found, unresolved } = await resolveAll(reached.filter(({ address }) => isIP(address) === 0))
  return {
    all: [
      ...controllerAddresses().map(cidr => ({ what: 'controller' as const, cidr })),
      ...operatorAddress(process.env.SSH_CONNECTION).map(cidr => ({ what: 'operator' as const, cidr })),
      ...[...literal, ...found].map(({ name, address }) => ({ what: 'host' as const, name, cidr: address })),
      ...hosts.flatMap(ownAddresses),
      ...hosts.flatMap(managementFor),
    ],
    unresolved,
  }
}

const managementFor = (host: Host): readonly Protected[] =>
  managementOf(host).map(cidr => ({ what: 'management', name: host.name, cidr }))

const ownAddresses = (host: Host): readonly Protected[] =>
  (fleetList(host, 'fleet_addresses') ?? [])
    .flatMap(text => parseNetworks(text).cidrs)
    .map(cidr => ({ what: 'host', name: host.name, cidr }))

const controllerAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap(all => all ?? [])
    .filter(
      ({ internal, address }) => !internal && familyOf(address) !== undefined && !/^fe80:/i.test(address),
    )
    .map(({ address }) => address)

/** Where somebody is logged in to this machine from, as sshd said it to their shell. */
function operatorAddress(connection = ''): readonly string[] {
  const [client = ''] = connection.split(' ')
  const address = unmapped(client.replace(/%.*$/, ''))
  return familyOf(address) === undefined || /^(127\.|::1$|fe80:)/i.test(address) ? [] : [address]
}

interface Reached {
  readonly name: string
  readonly address: string
}

async function resolveAll(named: readonly Reached[]): Promise<{ found: Reached[]; unresolved: string[] }> {
  if (named.length === 0) return { found: [], unresolved: [] }
  const found: Reached[] = []
  const left = new Set(named.map(({ address }) => address))
  const asking = named.map(async ({ name, address }) => {
    const answers = await lookup(address, { all: true }).catch(() => [])
    if (answers.length > 0) left.delete(address)
    for (const one of answers) found.push({ name, address: one.address })
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, PATIENCE)
  })
  await Promise.race([Promise.all(asking), late])
  clearTimeout(timer)
  return { found: [...found], unresolved: [...left] }
}
