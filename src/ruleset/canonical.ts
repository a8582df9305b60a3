import type { Chain, Rule, Ruleset, Table } from './ruleset.ts'
import { tokenize } from './tokens.ts'

/**
 * The wanted ruleset in the host's own words: of what the host saved after it loaded the candidate, the
 * chains that the candidate mentions (a save also lists every other built-in chain of the table, and the
 * stubs of foreign ones), each rule with the template line and role of the candidate's.
 */
export function canonical(saved: Ruleset, candidate: Ruleset): Ruleset {
  const tables = new Map<string, Table>()
  for (const [name, table] of candidate.tables) {
    const chains = [...table.values()].flatMap(chain => {
      const found = saved.tables.get(name)?.get(chain.name)
      return found ? [join(found, chain)] : []
    })
    tables.set(name, new Map(chains.map(chain => [chain.name, chain])))
  }
  return { family: saved.family, tables }
}

/** A chain of the candidate, `filter INPUT`, that a save has not got whole: rules are multiplied by loading, never lost. */
export function findLost(saved: Ruleset, candidate: Ruleset): string | undefined {
  for (const [name, table] of candidate.tables) {
    for (const chain of table.values()) {
      const found = saved.tables.get(name)?.get(chain.name)
      const isWhole = found && found.rules.length >= chain.rules.length
      if (!isWhole || (chain.policy !== null && chain.policy !== found.policy)) return `${name} ${chain.name}`
    }
  }
  return undefined
}

function join(saved: Chain, candidate: Chain): Chain {
  const policy = candidate.policy === null ? null : saved.policy
  return { name: saved.name, policy, rules: withPlaces(saved.rules, candidate.rules) }
}

/** iptables makes a rule of each pair where `-s` or `-d` lists several. Where the counts disagree all the same, no place is better than a wrong one. */
function withPlaces(saved: readonly Rule[], candidate: readonly Rule[]): readonly Rule[] {
  const origins = candidate.flatMap(rule => Array.from({ length: expansion(rule.text) }, () => rule))
  if (origins.length !== saved.length) return saved
  return saved.map(({ text }, index) => ({ ...origins[index], text }))
}

const LISTED = new Set(['-s', '--source', '--src', '-d', '--destination', '--dst'])

function expansion(text: string): number {
  if (!text.includes(',')) return 1
  const words = tokenize(text)
  return words.reduce(
    (count, word, at) => (LISTED.has(words[at - 1] ?? '') ? count * word.split(',').length : count),
    1,
  )
}
