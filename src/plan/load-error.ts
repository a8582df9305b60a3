import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import { printRestore, ruleLine } from '../ruleset/print.ts'
import type { Rule, Ruleset } from '../ruleset/ruleset.ts'

/** The template line that iptables-restore choked on, where it named a line of what it was given, or the target that it lacks. */
function placeOfLoadError(said: string, candidate: Ruleset): Place | undefined {
  const number = /\bline:? (\d+)/i.exec(said)?.[1]
  const text = number === undefined ? undefined : printRestore(candidate).split('\n')[Number(number) - 1]
  const [, chain, target = chain] = LACKS.exec(said) ?? []
  return (
    placeOf(candidate, (line, { at }) => at !== undefined && line === text) ??
    placeOf(candidate, (_, rule) => target !== undefined && targetOf(rule) === target)
  )
}

/** nft says it of the end of the table, the older kind of the line itself. */
const LACKS = /Chain '([^']+)' does not exist|Couldn't load target `([^']+)'/
const targetOf = ({ text }: Rule) => /(?:^| )-[jg] (\S+)/.exec(text)?.[1]

function placeOf(candidate: Ruleset, is: (line: string, rule: Rule) => boolean): Place | undefined {
  for (const table of candidate.tables.values()) {
    for (const chain of table.values()) {
      const rule = chain.rules.find(one => is(ruleLine('-A', chain.name, one.text), one))
      if (rule?.at) return rule.at
    }
  }
  return undefined
}

/** What the host's tools said, and of which part: `4`, `6`, `sets` or `scratch`. */
export function firstError(errors: ReadonlyMap<string, string>): { part: string; detail: string } {
  const [part, said] = rawError(errors)
  return { part, detail: plainly(said) }
}

const rawError = (errors: ReadonlyMap<string, string>): readonly [part: string, said: string] =>
  [...errors].find(([, text]) => text !== '') ?? ['', '']

/** Without the line of a text that nobody sees, and where the tools' help is. */
function plainly(said: string): string {
  const lines = said.split('\n').filter(line => !/^(Error occurred at line: \d+|Try `.*)$/.test(line.trim()))
  return lines.join('\n').trim() || said
}

/** What the host's tools said of a candidate that doesn't load. */
export function loadFinding(
  errors: ReadonlyMap<string, string>,
  rulesets: Readonly<Record<4 | 6, Ruleset>>,
): Finding {
  const [part, said] = rawError(errors)
  const at = part === '4' || part === '6' ? placeOfLoadError(said, rulesets[part === '4' ? 4 : 6]) : undefined
  const args = { part, detail: plainly(said) }
  return { code: 'candidate-does-not-load', severity: 'error', args, ...(at ? { at } : {}) }
}
