import type { PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'
import { findLateDrops } from './rules/late-drops.ts'
import { findStateMatches, findTrustedPorts } from './rules/matches.ts'
import { findUnreachable } from './rules/reach.ts'
import { findDroppedAnswers, findDroppedNeighbours, findOpenFamily } from './rules/traffic.ts'
import type { Check, Context } from './subject.ts'

const CHECKS: readonly Check[] = [
  findUnreachable,
  findLateDrops,
  findStateMatches,
  findTrustedPorts,
  findDroppedAnswers,
  findDroppedNeighbours,
  findOpenFamily,
]

/**
 * What is likely wrong with a host's rulesets, rendered or canonical, as warnings and notes at their template
 * lines. What is the same in both families is said once.
 */
export function lint(rulesets: PerFamily<Ruleset>, context: Context): readonly Finding[] {
  const findings = CHECKS.flatMap(check => check({ ...context, rulesets }))
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}
