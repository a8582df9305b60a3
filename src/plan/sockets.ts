import { evaluate } from '../evaluate/walk.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'

/** A program that listens for others than its own host. */
export interface Listener {
  readonly proto: 'tcp' | 'udp'
  readonly port: number
  readonly program: string
  readonly families: readonly Family[]
}

const LOOPBACK = /^(127\.|\[::1\]|\[::ffff:127\.)/

/** Reads `ss -Hlntup`. Loopback and lines of other shapes are left out; one entry for each port and program. */
export function parseSockets(lines: readonly string[]): readonly Listener[] {
  const found = new Map<string, Listener>()
  for (const line of lines) {
    const [proto, , , , local = ''] = line.split(/\s+/)
    const at = local.lastIndexOf(':')
    const address = local.slice(0, at).replace(/%[^\]]*/, '')
    const port = Number(local.slice(at + 1))
    if ((proto !== 'tcp' && proto !== 'udp') || !Number.isInteger(port) || LOOPBACK.test(address)) continue
    const program = /users:\(\("([^"]*)"/.exec(line)?.[1] ?? ''
    const key = `${proto}/${port} ${program}`
    const families: readonly Family[] = address === '*' ? FAMILIES : address.includes(':') ? [6] : [4]
    found.set(key, {
      proto,
      port,
      program,
      families: FAMILIES.filter(
        family => families.includes(family) || found.get(key)?.families.includes(family),
      ),
    })
  }
  return [...found.values()]
}

/** The listeners that somebody could reach before and nobody can after, as `tcp/443 nginx`. */
export function closedBy(
  before: PerFamily<Ruleset>,
  after: PerFamily<Ruleset>,
  listeners: readonly Listener[],
): readonly string[] {
  return listeners
    .filter(one => one.families.some(family => isOpen(before[family], one) && !isOpen(after[family], one)))
    .filter(one => !one.families.some(family => isOpen(after[family], one)))
    .map(({ proto, port, program }) => `${proto}/${port}${program ? ` ${program}` : ''}`)
}

/** Open to somebody: not certainly dropped, whoever asks and through whatever interface. */
function isOpen(ruleset: Ruleset, { proto, port }: Listener): boolean {
  const packet = {
    family: ruleset.family,
    hook: 'input',
    proto,
    dport: port,
    ctstate: 'NEW',
    inInterface: 'eth0',
  } as const
  const { verdict } = evaluate(ruleset, packet, { sets: new Map() })
  return verdict !== 'drop' && verdict !== 'reject'
}
