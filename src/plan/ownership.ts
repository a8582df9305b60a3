import { type Chain, isBuiltIn, type Rule, type Ruleset, type Table } from '../ruleset/ruleset.ts'
import { tokenize } from '../ruleset/tokens.ts'

const CONTAINERS: readonly string[] = [
  'DOCKER*',
  'KUBE-*',
  'cali-*',
  'CILIUM_*',
  'CNI-*',
  'FLANNEL*',
  'NETAVARK*',
]

/** Chains of software that fleet knows: they and the jumps to them stay as they are. */
export const KNOWN_FOREIGN: readonly string[] = [
  ...CONTAINERS,
  'f2b-*',
  'sshguard',
  'CROWDSEC*',
  'LIBVIRT_*',
  'PVEFW-*',
  'ts-*',
  'InstanceServices',
  'FLEET-*',
]

/** Whether a name matches one of the globs (`*` alone is special). */
export function matchesAny(name: string, globs: readonly string[]): boolean {
  return globs.some(glob => {
    const [head = '', ...rest] = glob.split('*')
    if (rest.length === 0) return name === glob
    const tail = rest.at(-1) ?? ''
    return name.startsWith(head) && name.endsWith(tail) && name.length >= head.length + tail.length
  })
}

/** Docker, Kubernetes and the like own raw, nat and FORWARD of a host where they run. */
export function hasContainerRuntime(live: Ruleset): boolean {
  return [...live.tables.values()].some(table => [...table.keys()].some(name => matchesAny(name, CONTAINERS)))
}

/**
 * The wanted rules of a host with a container runtime: without raw, nat and FORWARD, unless a role of the
 * user's own says them. A policy of DROP on which both agree stays, or a boot would forward until the runtime starts.
 */
export function withoutContainerChains(
  wanted: Ruleset,
  live: Ruleset,
  isShipped: (role: string) => boolean,
): Ruleset {
  const own = (rule: Rule) => rule.role !== undefined && !isShipped(rule.role)
  const agreed = (table: string, { name, policy }: Chain) =>
    policy === 'DROP' && live.tables.get(table)?.get(name)?.policy === 'DROP' ? policy : null
  const tables = new Map<string, Table>()
  for (const [name, table] of wanted.tables) {
    const kept = [...table.values()].flatMap(chain => {
      if (!isBuiltIn(name, chain.name) || !isContainers(name, chain.name)) return [chain]
      const rules = chain.rules.filter(own)
      const policy = agreed(name, chain)
      return rules.length > 0 || policy ? [{ ...chain, policy, rules }] : []
    })
    if (kept.some(chain => isBuiltIn(name, chain.name)))
      tables.set(name, new Map(kept.map(chain => [chain.name, chain])))
  }
  return { ...wanted, tables }
}

/**
 * The last generation of a host that has a container runtime by now: a policy that fleet once gave to a chain of
 * theirs stays as it is. Given back, it would open FORWARD under their feet.
 */
export function withoutContainerPolicies(last: Ruleset): Ruleset {
  const tables = new Map<string, Table>()
  for (const [name, table] of last.tables) {
    const chains = [...table.values()].map(chain =>
      isContainers(name, chain.name) ? { ...chain, policy: null } : chain,
    )
    tables.set(name, new Map(chains.map(chain => [chain.name, chain])))
  }
  return { ...last, tables }
}

const isContainers = (table: string, chain: string) =>
  table === 'raw' || table === 'nat' || (table === 'filter' && chain === 'FORWARD')

/** A live rule or chain that nobody wants and no generation records, and that isn't known software's. */
export interface Unmanaged {
  readonly table: string
  readonly chain: string
  /** A rule's text; undefined for a chain that nothing jumps to, or a policy. */
  readonly text?: string
  /** The chain it jumps to, where that is one that fleet doesn't know. */
  readonly unknownChain?: string
  readonly policy?: string
  /** Stands in a chain that a role wants to have for itself. */
  readonly inWantedChain?: true
}

export interface Ownership {
  readonly live: Ruleset
  readonly wanted: Ruleset
  /** The last confirmed generation. */
  readonly last: Ruleset
  readonly preserve: readonly string[]
  /** Chains that are to go, with the jumps to them. */
  readonly replace: readonly string[]
}

/** What stands on the host and is neither owned nor known. Nothing of it goes without a word of the operator's. */
export function findUnmanaged(it: Ownership): readonly Unmanaged[] {
  const containers = hasContainerRuntime(it.live)
  return [...it.live.tables].flatMap(([table, chains]) =>
    [...chains.values()].flatMap(chain => {
      if (containers && isContainers(table, chain.name)) return []
      return isBuiltIn(table, chain.name) ? strangersIn(it, table, chain) : strangeChain(it, table, chain)
    }),
  )
}

function strangersIn(it: Ownership, table: string, chain: Chain): Unmanaged[] {
  const policy =
    chain.policy === 'DROP' && !says(it, table, chain.name)
      ? [{ table, chain: chain.name, policy: 'DROP' }]
      : []
  const rules = chain.rules.flatMap(rule => {
    if (isOwnedRule(it, table, chain.name, rule)) return []
    const target = jumpOf(rule.text)
    const jumps = target !== undefined && it.live.tables.get(table)?.has(target) && !isBuiltIn(table, target)
    if (!jumps) return [{ table, chain: chain.name, text: rule.text }]
    if (matchesAny(target, it.preserve) || isOwnedChain(it, table, target) || matchesAny(target, it.replace))
      return []
    return [{ table, chain: chain.name, text: rule.text, unknownChain: target }]
  })
  return [...policy, ...rules]
}

function strangeChain(it: Ownership, table: string, chain: Chain): Unmanaged[] {
  if (it.last.tables.get(table)?.has(chain.name)) return []
  const wanted = it.wanted.tables.get(table)?.get(chain.name)
  if (wanted) return takenFrom(it, table, chain)
  return matchesAny(chain.name, [...it.preserve, ...it.replace]) ? [] : [{ table, chain: chain.name }]
}

/** A chain that somebody made by the name of a role's: its rules would go without a word. */
function takenFrom(it: Ownership, table: string, chain: Chain): Unmanaged[] {
  if (matchesAny(chain.name, it.replace)) return []
  const strange = chain.rules.filter(rule => !isOwnedRule(it, table, chain.name, rule))
  return strange.map(({ text }) => ({ table, chain: chain.name, text, inWantedChain: true }))
}

const says = (it: Ownership, table: string, chain: string) =>
  [it.wanted, it.last].some(ruleset => (ruleset.tables.get(table)?.get(chain)?.policy ?? null) !== null)

export function isOwnedChain(it: Pick<Ownership, 'wanted' | 'last'>, table: string, chain: string): boolean {
  return (
    !isBuiltIn(table, chain) && [it.wanted, it.last].some(ruleset => ruleset.tables.get(table)?.has(chain))
  )
}

export function isOwnedRule(
  it: Pick<Ownership, 'wanted' | 'last'>,
  table: string,
  chain: string,
  rule: Rule,
): boolean {
  return [it.wanted, it.last].some(ruleset => textsOf(ruleset.tables.get(table)?.get(chain)).has(rule.text))
}

const texts = new WeakMap<Chain, ReadonlySet<string>>()
const none: ReadonlySet<string> = new Set()

function textsOf(chain: Chain | undefined): ReadonlySet<string> {
  if (!chain) return none
  const known = texts.get(chain) ?? new Set(chain.rules.map(({ text }) => text))
  texts.set(chain, known)
  return known
}

/** The target of `-j` or `-g`. */
export function jumpOf(text: string): string | undefined {
  const words = tokenize(text)
  const at = words.findIndex(word => word === '-j' || word === '-g')
  return at < 0 ? undefined : words[at + 1]
}
