import type { Family } from '../model/family.ts'
import { ruleLine } from './print.ts'
import { type Chain, isBuiltIn, type Policy, type Rule, type Ruleset, type Table } from './ruleset.ts'

/**
 * A ruleset as the lines that the host compares and hashes. One line each:
 *   `table :CHAIN POLICY`   a built-in chain's policy, where it is owned
 *   `table :CHAIN -`        a user chain
 *   `table -A CHAIN text`   a rule, without counters
 * sorted by table, then chain, as bytes; the chain's line first, then its rules in their order.
 */
export function ownedLines(ruleset: Ruleset): string[] {
  return [...ruleset.tables]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([name, table]) =>
      [...table.values()]
        .sort((a, b) => compare(a.name, b.name))
        .flatMap(chain => [
          ...chainLines(name, chain),
          ...chain.rules.map(rule => ruleOf(name, chain.name, rule)),
        ]),
    )
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b))
const ruleOf = (table: string, chain: string, rule: Rule) => `${table} ${ruleLine('-A', chain, rule.text)}`

/** None for a built-in chain whose policy isn't owned: only its rules are. */
function chainLines(table: string, { name, policy }: Chain): string[] {
  return policy === null && isBuiltIn(table, name) ? [] : [`${table} :${name} ${policy ?? '-'}`]
}

const LINE = /^(\S+) (?::(\S+) (ACCEPT|DROP|-)|-A (\S+)(?: (.*))?)$/

/** The reverse of `ownedLines`. Lines that it could not have made are left out. */
export function parseOwned(lines: readonly string[], family: Family): Ruleset {
  const tables = new Map<string, Map<string, Chain & { readonly rules: Rule[] }>>()
  for (const line of lines) {
    const [, table, declared, said, chain, text = ''] = LINE.exec(line) ?? []
    const name = declared ?? chain
    if (table === undefined || name === undefined) continue
    const chains = tables.get(table) ?? new Map<string, Chain & { readonly rules: Rule[] }>()
    tables.set(table, chains)
    const policy = said === 'ACCEPT' || said === 'DROP' ? (said satisfies Policy) : null
    const rules = chains.get(name)?.rules ?? []
    if (declared !== undefined || !chains.has(name)) chains.set(name, { name, policy, rules })
    if (chain !== undefined) rules.push({ text })
  }
  return { family, tables }
}

/** What of the live rules is owned: the lines of `live` that are in the set, in their live order. */
export function project(live: Ruleset, owned: ReadonlySet<string>): Ruleset {
  const tables = new Map<string, Table>()
  for (const [name, table] of live.tables) {
    const kept = [...table.values()].flatMap(chain => projectChain(name, chain, owned))
    if (kept.length > 0) tables.set(name, new Map(kept.map(chain => [chain.name, chain])))
  }
  return { family: live.family, tables }
}

function projectChain(table: string, chain: Chain, owned: ReadonlySet<string>): Chain[] {
  const rules = chain.rules.filter(rule => owned.has(ruleOf(table, chain.name, rule)))
  const declared = chainLines(table, chain).some(line => owned.has(line))
  if (!declared && rules.length === 0) return []
  return [{ name: chain.name, policy: declared ? chain.policy : null, rules }]
}
