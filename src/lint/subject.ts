import { type Clause, clauseOf } from '../evaluate/clause.ts'
import type { Family, PerFamily } from '../model/family.ts'
import type { Args, Finding } from '../model/finding.ts'
import { ruleLine } from '../ruleset/print.ts'
import type { Chain, Rule, Ruleset } from '../ruleset/ruleset.ts'

export interface Context {
  /** The entries of the ipsets that rules refer to. */
  readonly sets: ReadonlyMap<string, readonly string[]>
}

/** What every check looks at: rulesets as a host would have them, foreign rules aside. */
export interface Subject extends Context {
  readonly rulesets: PerFamily<Ruleset>
}

export type Check = (subject: Subject) => readonly Finding[]

/** A rule with its chain, read. */
export interface Line {
  readonly family: Family
  readonly table: string
  readonly chain: Chain
  readonly rule: Rule
  readonly clause: Clause
}

export function linesOf(ruleset: Ruleset): Line[][] {
  return [...ruleset.tables].flatMap(([table, chains]) =>
    [...chains.values()].map(chain =>
      chain.rules.map(rule => ({ family: ruleset.family, table, chain, rule, clause: clauseOf(rule) })),
    ),
  )
}

/** A warning about a rule, at the template line it comes from. */
export function warn(code: string, { chain, rule }: Line, args: Args = {}): Finding {
  const at = rule.at && { at: rule.at }
  return { code, severity: 'warning', args: { rule: shown(chain, rule), ...args }, ...at }
}

const shown = (chain: Chain, rule: Rule) => ruleLine('-A', chain.name, rule.text)

/** The rule that is to blame for a finding about another, with its place as `file:line`. */
export function blame({ chain, rule }: Line): Args {
  const place = rule.at ? `${rule.at.file}:${rule.at.line ?? 1}` : ''
  return { by: shown(chain, rule), byAt: place }
}
