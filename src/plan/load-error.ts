import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import { printRestore, ruleLine } from '../ruleset/print.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'

/** The template line that iptables-restore choked on, where it named a line of what it was given. */
function placeOfLoadError(said: string, candidate: Ruleset): Place | undefined {
  const number = /\bline:? (\d+)/i.exec(said)?.[1]
  const text = number === undefined ? undefined : printRestore(candidate).split('\n')[Number(number) - 1]
  for (const table of candidate.tables.values()) {
    for (const chain of table.values()) {
      const rule = chain.rules.find(one => ruleLine('-A', chain.name, one.text) === text)
      if (rule?.at) return rule.at
    }
  }
  return undefined
}

/** What the host's tools said, and of which part: `4`, `6`, `sets` or `scratch`. */
export function firstError(errors: ReadonlyMap<string, string>): { part: string; detail: string } {
  const [part = '', detail = ''] = [...errors].find(([, text]) => text !== '') ?? []
  return { part, detail }
}

/** What the host's tools said of a candidate that doesn't load. */
export function loadFinding(
  errors: ReadonlyMap<string, string>,
  rulesets: Readonly<Record<4 | 6, Ruleset>>,
): Finding {
  const { part, detail } = firstError(errors)
  const at =
    part === '4' || part === '6' ? placeOfLoadError(detail, rulesets[part === '4' ? 4 : 6]) : undefined
  return { code: 'candidate-does-not-load', severity: 'error', args: { part, detail }, ...(at ? { at } : {}) }
}
