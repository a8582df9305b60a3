import { parseSave } from '../../../src/ruleset/parse.ts'
import type { Ruleset } from '../../../src/ruleset/ruleset.ts'

/** A filter table from its lines: built-in chains that aren't declared are ACCEPT, as in a save. */
export function filter(...lines: string[]): Ruleset {
  const declared = ['INPUT', 'FORWARD', 'OUTPUT'].filter(
    chain => !lines.some(line => line.startsWith(`:${chain} `)),
  )
  return tables('filter', [...declared.map(chain => `:${chain} ACCEPT`), ...lines])
}

/** The same without the chains that no line declares: what a role wants. */
export const wanted = (...lines: string[]) => tables('filter', lines)

function tables(name: string, lines: string[]): Ruleset {
  const chains = lines.filter(line => line.startsWith(':'))
  const rules = lines.filter(line => !line.startsWith(':'))
  return parseSave(`*${name}\n${[...chains, ...rules].join('\n')}\nCOMMIT\n`, 4)
}

/** The texts of a chain's rules. */
export function texts(ruleset: Ruleset, chain: string, table = 'filter'): string[] {
  return (
    ruleset.tables
      .get(table)
      ?.get(chain)
      ?.rules.map(({ text }) => text) ?? []
  )
}
