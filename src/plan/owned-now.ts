import { type Chain, isBuiltIn, type Rule, type Ruleset, type Table } from '../ruleset/ruleset.ts'
import { isOwnedChain, isOwnedRule, jumpOf, matchesAny, type Ownership } from './ownership.ts'

/**
 * What of the live rules is owned now: rules and policies that the wanted ruleset or the last generation says, and
 * owned user chains whole. With `takeAll`, everything that isn't preserved: the operator said so.
 */
export function ownedNow(it: Ownership, takeAll: boolean): Ruleset {
  const tables = new Map<string, Table>()
  for (const [table, chains] of it.live.tables) {
    const owned = [...chains.values()].flatMap(chain => {
      const part = isBuiltIn(table, chain.name)
        ? builtIn(it, table, chain, takeAll)
        : userChain(it, table, chain)
      return part ? [part] : []
    })
    if (owned.length > 0) tables.set(table, new Map(owned.map(chain => [chain.name, chain])))
  }
  return { ...it.live, tables }
}

function builtIn(it: Ownership, table: string, chain: Chain, takeAll: boolean): Chain | undefined {
  const rules = chain.rules.filter(
    rule => isOwnedRule(it, table, chain.name, rule) || goes(it, table, rule, takeAll),
  )
  const said = [it.wanted, it.last].map(ruleset => ruleset.tables.get(table)?.get(chain.name))
  const policy = said.some(one => one && one.policy !== null) || (takeAll && chain.policy === 'DROP')
  if (rules.length === 0 && !policy && !said.some(Boolean)) return undefined
  return { ...chain, policy: policy ? chain.policy : null, rules }
}

/** Rules that go because the operator named their chain, or said that all unmanaged ones go. */
function goes(it: Ownership, table: string, rule: Rule, takeAll: boolean): boolean {
  const target = jumpOf(rule.text)
  const chain = target !== undefined && it.live.tables.get(table)?.has(target) ? target : undefined
  if (chain === undefined) return takeAll
  if (matchesAny(chain, it.replace)) return true
  return takeAll && isOwnedChain(it, table, chain)
}

function userChain(it: Ownership, table: string, chain: Chain): Chain | undefined {
  return isOwnedChain(it, table, chain.name) || matchesAny(chain.name, it.replace) ? chain : undefined
}
