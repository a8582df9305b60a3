import { isIP } from 'node:net'
import { FleetError } from '../model/error.ts'

/** A host to start. */
export interface HostSpec {
  /** Letters, digits, dots, dashes and underscores. Its host name is the same with dashes for underscores. */
  readonly name: string
  /** Boots systemd by systemd-nspawn. Otherwise sshd runs under a small init. */
  readonly systemd?: boolean
  /**
   * What the host's root is laid over: `machine`, a release of Debian (made once, kept), or the path of a root.
   * Without it the machine's own root, and bookworm for a systemd host.
   */
  readonly root?: string
  /** An address or a name by which it is reached besides its own, as an inventory says it in `ansible_host`. */
  readonly address?: string
  /** A port that sshd listens on besides 22. */
  readonly port?: number
}

export interface LabSpec {
  /** Short; part of the names of namespaces. */
  readonly name: string
  readonly hosts: readonly HostSpec[]
  /** Serves iptables-persistent and its like, and packages named here, to the hosts, whose only apt source it is. */
  readonly packages?: boolean | readonly string[]
  /** Hosts start with apt's lists already read. Without it a tool has to run `apt-get update` itself. */
  readonly aptLists?: boolean
  /** Users beyond `operator`, `keeper` and `nosudo`: with the same key and sudo without a password. */
  readonly users?: readonly string[]
  /** Public keys that may log in besides the lab's own, as lines of authorized_keys. */
  readonly authorizedKeys?: readonly string[]
  /** Where this lab lives; `/run/fleet-lab/NAME` by default. */
  readonly stateDir?: string
}

/** Where a host stands in the lab's network. */
export interface Seat {
  readonly namespace: string
  /** The controller's end of the host's cable; the host's own end is always eth0. */
  readonly cable: string
  readonly address4: string
  readonly address6: string
  /** The same after every boot, as a network card's is: neighbours remember it. */
  readonly mac: string
}

export interface HostPlan extends Seat {
  readonly spec: HostSpec
}

export const CONTROLLER4 = '10.90.0.1'
export const CONTROLLER6 = 'fd90::1'
/** Set by hand: a bridge takes the lowest of its ports' addresses and changes it whenever a host comes or goes. */
export const CONTROLLER_MAC = '02:90:00:00:00:01'
const PER_BLOCK = 250
const MAX_HOSTS = 50 * PER_BLOCK

export const controllerOf = (lab: string): string => `lab-${lab}`
/** No name holds an `@`, so no two labs can mean the same namespace. */
export const namespaceOf = (lab: string, host: string): string => `${controllerOf(lab)}@${host}`
export const stateDirOf = (spec: Pick<LabSpec, 'name' | 'stateDir'>): string =>
  spec.stateDir ?? `/run/fleet-lab/${spec.name}`

/** Checks the names and gives every host its seat. */
export function planHosts(spec: LabSpec): readonly HostPlan[] {
  checkName(spec.name)
  if (spec.hosts.length > MAX_HOSTS) {
    throw new FleetError('lab-too-many-hosts', { hosts: spec.hosts.length, most: MAX_HOSTS })
  }
  const seen = new Set<string>()
  return spec.hosts.map((host, index) => {
    checkName(host.name)
    if (seen.has(host.name)) throw new FleetError('lab-duplicate-host', { host: host.name })
    seen.add(host.name)
    return { spec: host, ...seat(spec.name, host.name, index) }
  })
}

function seat(lab: string, host: string, index: number): Seat {
  const block = 1 + Math.floor(index / PER_BLOCK)
  const place = 1 + (index % PER_BLOCK)
  return {
    namespace: namespaceOf(lab, host),
    cable: `host${index}`,
    address4: `10.90.${block}.${place}`,
    address6: `fd90::${block.toString(16)}:${place.toString(16)}`,
    mac: `02:90:00:00:${hex(block)}:${hex(place)}`,
  }
}

/** The name that the host has for itself: systemd refuses the underscores that inventories are full of. */
export const hostNameOf = ({ name }: HostSpec): string => name.replaceAll('_', '-')

/** The extra address as one: a name in its place is for /etc/hosts, and loopback is every host's own. */
export function extraAddress({ address = '' }: HostSpec): string | undefined {
  return isIP(address) !== 0 && !address.startsWith('127.') && address !== '::1' ? address : undefined
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

function checkName(name: string): void {
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name))
    throw new FleetError('lab-bad-name', { name })
}
