import { type Chain, isBuiltIn, type Rule, type Ruleset, type Table } from './ruleset.ts'
import { targetOf } from './tokens.ts'

export interface After {
  /** The whole live ruleset as it will stand: owned as wanted, foreign as it was. */
  readonly ruleset: Ruleset
  /** `table chain`: user chains no longer wanted that a foreign rule still refers to. Emptied, not deleted. */
  readonly kept: readonly string[]
  /** `table chain`: built-in chains that nothing owned mentions any more. A policy that was owned is ACCEPT now. */
  readonly released: readonly string[]
}

export interface Wish {
  readonly live: Ruleset
  readonly ownedNow: Ruleset
  readonly wanted: Ruleset
  /** Foreign jumps that stay before the owned rules where those come first. */
  readonly isPreserved: (ruleText: string) => boolean
  /** In raw the owned rules stand before all others but those of which this is so, wherever they stood. */
  readonly isBeforeRaw?: (ruleText: string) => boolean
  /** Where rules only go, those that stay keep their places among the rules of others. */
  readonly isLeaving?: boolean
}

/** What the live rules become when the owned ones go from `ownedNow` to `wanted`. */
export function after({ live, ownedNow, wanted, ...options }: Wish): After {
  const tables = new Map<string, Table>()
  const kept: string[] = []
  const released: string[] = []
  for (const name of new Set([...live.tables.keys(), ...wanted.tables.keys()])) {
    const of = ({ tables }: Ruleset): Table => tables.get(name) ?? new Map()
    const trio: Trio = { name, was: of(live), owned: of(ownedNow), wish: of(wanted), ...options }
    const table = becomes(trio)
    for (const chain of strays(trio, table)) {
      if (isReferredTo(chain, table)) kept.push(`${name} ${chain}`)
      else table.delete(chain)
    }
    released.push(...releasedOf(trio).map(chain => `${name} ${chain}`))
    tables.set(name, table)
  }
  return { ruleset: { family: live.family, tables }, kept, released }
}

interface Trio extends Pick<Wish, 'isPreserved' | 'isBeforeRaw' | 'isLeaving'> {
  readonly name: string
  readonly was: Table
  readonly owned: Table
  readonly wish: Table
}

/** Every chain as it will stand, those that must go still there, empty. */
function becomes(trio: Trio): Map<string, Chain> {
  const names = new Set([...trio.was.keys(), ...trio.wish.keys()])
  return new Map([...names].map(name => [name, chainAfter(trio, name)]))
}

function chainAfter({ name: table, was, owned, wish, ...options }: Trio, name: string): Chain {
  const now = was.get(name)
  const wanted = wish.get(name)
  if (isBuiltIn(table, name)) {
    const mine = ownedTexts(owned.get(name), wanted)
    const { isPreserved, isBeforeRaw, isLeaving } = options
    const rules = now?.rules ?? []
    const fresh = wanted?.rules ?? []
    const policy = wanted?.policy ?? (isReleased(owned, wish, name) ? 'ACCEPT' : (now?.policy ?? 'ACCEPT'))
    if (table === 'raw' && isBeforeRaw)
      return { name, policy, rules: layFirst(rules, fresh, mine, isBeforeRaw) }
    const left = isLeaving ? takeOut(rules, fresh, mine) : undefined
    if (left) return { name, policy, rules: left }
    return { name, policy, rules: layOut(rules, fresh, mine, isPreserved) }
  }
  if (wanted) return { name, policy: null, rules: wanted.rules }
  return { name, policy: null, rules: owned.has(name) ? [] : (now?.rules ?? []) }
}

/** Once nothing wanted mentions the chain, a policy that was owned doesn't outlive the rules that it was for. */
const isReleased = (owned: Table, wish: Table, name: string) =>
  !wish.has(name) && (owned.get(name)?.policy ?? null) !== null

const releasedOf = ({ name: table, was, owned, wish }: Trio) =>
  [...owned.keys()].filter(name => isBuiltIn(table, name) && was.has(name) && !wish.has(name))

/** A rule is owned by what it says: one that equals an owned rule is that rule, whoever put it there. */
export function ownedTexts(...chains: readonly (Chain | undefined)[]): ReadonlySet<string> {
  return new Set(chains.flatMap(chain => chain?.rules.map(({ text }) => text) ?? []))
}

/**
 * Where the owned rules of a built-in chain stand afterwards. What comes after the part that stays the same
 * is replaced in place when nothing foreign follows; otherwise all owned rules become one block where the
 * first of them stood, or behind the preserved jumps where none stood.
 */
function layOut(
  live: readonly Rule[],
  wanted: readonly Rule[],
  mine: ReadonlySet<string>,
  isPreserved: Wish['isPreserved'],
): readonly Rule[] {
  const isMine = ({ text }: Rule) => mine.has(text)
  const owned = live.filter(isMine)
  const same = commonPrefix(owned, wanted)
  if (same === owned.length && same === wanted.length) return live
  const lastSame = owned[same - 1]
  const staying = lastSame ? live.indexOf(lastSame) + 1 : 0
  if (live.slice(staying).every(isMine)) return [...live.slice(0, staying), ...wanted.slice(same)]
  const foreign = live.filter(rule => !isMine(rule))
  const first = live.findIndex(isMine)
  const at = first === -1 ? leading(foreign, ({ text }) => isPreserved(text)) : first
  return [...foreign.slice(0, at), ...wanted, ...foreign.slice(at)]
}

/** Before all that others have, but for what is preserved at the very beginning. */
function layFirst(...[live, wanted, mine, isBefore]: Parameters<typeof layOut>): readonly Rule[] {
  const foreign = live.filter(({ text }) => !mine.has(text))
  const at = leading(foreign, ({ text }) => isBefore(text))
  return [...foreign.slice(0, at), ...wanted, ...foreign.slice(at)]
}

/** The live rules without the owned ones that go; undefined where that isn't all there is to do. */
function takeOut(
  live: readonly Rule[],
  wanted: readonly Rule[],
  mine: ReadonlySet<string>,
): readonly Rule[] | undefined {
  const words = new Set(wanted.map(({ text }) => text))
  const left = live.filter(({ text }) => !mine.has(text) || words.has(text))
  const owned = left.filter(({ text }) => mine.has(text))
  return owned.length === wanted.length && commonPrefix(owned, wanted) === wanted.length ? left : undefined
}

export function commonPrefix(a: readonly Rule[], b: readonly Rule[]): number {
  return leading(a, (rule, at) => rule.text === b[at]?.text)
}

function leading(rules: readonly Rule[], holds: (rule: Rule, at: number) => boolean): number {
  const end = rules.findIndex((rule, at) => !holds(rule, at))
  return end === -1 ? rules.length : end
}

const strays = ({ name: table, owned, wish }: Trio, becoming: Table) =>
  [...owned.keys()].filter(name => becoming.has(name) && !isBuiltIn(table, name) && !wish.has(name))

function isReferredTo(chain: string, table: Table): boolean {
  return [...table.values()].some(({ rules }) =>
    rules.some(({ text }) => text.includes(chain) && targetOf(text) === chain),
  )
}
