import { readdir } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { FleetError } from '../model/error.ts'
import { mustRun, runCommand } from './command.ts'
import { CONTROLLER_MAC, CONTROLLER4, CONTROLLER6, extraAddress, type HostPlan, type Seat } from './spec.ts'

/**
 * The lab's network: a namespace for the controller with a bridge that no cable leaves, and a namespace a host
 * on that bridge. Addresses are `nodad`, or IPv6 would be tentative for a second.
 */
export async function makeNetwork(controller: string, hosts: readonly HostPlan[]): Promise<void> {
  await batch(
    [],
    [controller, ...hosts.map(({ namespace }) => namespace)].map(name => `netns add ${name}`),
  )
  await batch(
    ['-n', controller],
    [
      'link set lo up',
      `link add br0 address ${CONTROLLER_MAC} type bridge forward_delay 0 mcast_snooping 0`,
      `addr add ${CONTROLLER4}/16 dev br0`,
      `addr add ${CONTROLLER6}/64 dev br0 nodad`,
      'link set br0 up',
      ...hosts.flatMap(cableLines),
    ],
  )
  await allowManyNeighbours(controller)
}

/** A host's namespace is made anew: everything that the kernel kept for it is gone, its address is the same. */
export async function remakeNamespace(controller: string, host: HostPlan): Promise<void> {
  await removeNamespaces([host.namespace])
  // The cable's other end goes with the namespace, but only some time after `netns del` has answered.
  await runCommand(['ip', '-n', controller, 'link', 'del', host.cable])
  await batch([], [`netns add ${host.namespace}`])
  await batch(['-n', controller], cableLines(host))
}

/** What `ip -batch` runs in a host's own namespace before its first program starts. */
export function addressLines({ address4, address6, spec }: HostPlan): readonly string[] {
  const own = [`addr add ${address4}/16 dev eth0`, `addr add ${address6}/64 dev eth0 nodad`]
  const address = extraAddress(spec)
  const extra = address === undefined ? [] : [`addr add ${withLength(address)} dev eth0`]
  const gateway = [`route add default via ${CONTROLLER4}`, `route add ::/0 via ${CONTROLLER6} dev eth0`]
  return ['link set lo up', ...own, ...extra.map(nodad), 'link set eth0 up', ...gateway]
}

export async function removeNamespaces(names: readonly string[]): Promise<void> {
  const there = new Set(await namespaces())
  await batch(
    ['-force'],
    names.filter(name => there.has(name)).map(name => `netns del ${name}`),
  )
}

/** Names below /run/netns; none where that folder doesn't exist yet. */
export async function namespaces(): Promise<readonly string[]> {
  return await readdir('/run/netns').catch(() => [])
}

/** A queueing discipline on both ends of a host's cable: each direction gets it. `null` takes it away. */
export async function shapeCable(controller: string, seat: Seat, args: string | null): Promise<void> {
  const ends = [
    [controller, seat.cable],
    [seat.namespace, 'eth0'],
  ] as const
  for (const [namespace, device] of ends) {
    const tc = ['tc', '-n', namespace, 'qdisc']
    if (args === null) {
      await runCommand([...tc, 'del', 'dev', device, 'root'])
      continue
    }
    const { code, stderr } = await runCommand([...tc, 'replace', 'dev', device, 'root', ...args.split(/\s+/)])
    if (code !== 0) throw new FleetError('lab-shape-refused', { args, said: stderr.trim() })
  }
}

export async function setCable(controller: string, seat: Seat, state: 'up' | 'down'): Promise<void> {
  await mustRun(['ip', '-n', controller, 'link', 'set', seat.cable, state])
}

function cableLines({ cable, namespace, mac, spec }: HostPlan): readonly string[] {
  const address = extraAddress(spec)
  return [
    `link add ${cable} type veth peer name eth0 address ${mac} netns ${namespace}`,
    `link set ${cable} master br0 up`,
    ...(address === undefined ? [] : [`route replace ${withLength(address)} dev br0`]),
  ]
}

const withLength = (address: string) => `${address}/${isIPv6(address) ? 128 : 32}`
const nodad = (line: string) => (line.includes(':') ? `${line} nodad` : line)

async function batch(options: readonly string[], lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await mustRun(['ip', ...options, '-batch', '-'], `${lines.join('\n')}\n`)
}

/** Hundreds of neighbours overflow the default of 1024. Some kernels have the limit only for the whole machine. */
async function allowManyNeighbours(controller: string): Promise<void> {
  const raise = `for f in /proc/sys/net/ipv4/neigh/default/gc_thresh3 /proc/sys/net/ipv6/neigh/default/gc_thresh3; do
    if [ -w "$f" ] && [ "$(cat "$f")" -lt 16384 ]; then echo 16384 >"$f"; fi; done`
  await runCommand(['ip', 'netns', 'exec', controller, 'sh', '-c', raise])
  await runCommand(['sh', '-c', raise])
}
