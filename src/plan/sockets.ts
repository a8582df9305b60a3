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

/** Open to somebody: not certainly dropped, whoever asks and through whatever interface but the host's own. */
function isOpen(ruleset: Ruleset, listener: Listener): boolean {
  return interfacesIn(ruleset).some(inInterface => isOpenBy(inInterface, ruleset, listener))
}

const interfaces = new WeakMap<Ruleset, readonly string[]>()

/** One of each that the rules tell apart, and one that they don't name. */
function interfacesIn(ruleset: Ruleset): readonly string[] {
  const known = interfaces.get(ruleset)
  if (known) return known
  const chains = [...ruleset.tables.values()].flatMap(table => [...table.values()])
  const named = chains.flatMap(({ rules }) =>
    rules.flatMap(({ text }) => /(?:^| )-i (\S+)/.exec(text)?.[1] ?? []),
  )
  const found = [...new Set(['other0', ...named.map(name => name.replace(/\+$/, '0'))])].filter(
    name => name !== 'lo',
  )
  interfaces.set(ruleset, found)
  return found
}

function isOpenBy(inInterface: string, ruleset: Ruleset, { proto, port }: Listener): boolean {
  const packet = {
    family: ruleset.family,
    hook: 'input',
    proto,
    dport: port,
    ctstate: 'NEW',
    inInterface,
  } as const
  const { verdict } = evaluate(ruleset, packet, { sets: new Map() })
  return verdict !== 'drop' && verdict !== 'reject'
}
