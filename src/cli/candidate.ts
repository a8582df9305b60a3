import { createHash } from 'node:crypto'
import type { Candidate } from '../host/observe.ts'
import type { PerFamily } from '../model/family.ts'
import { printRestore } from '../ruleset/print.ts'
import type { IpSet, Ruleset } from '../ruleset/ruleset.ts'
import { printSets } from '../ruleset/sets.ts'

/** Rules as a host is asked about them. */
export function printCandidate(rulesets: PerFamily<Ruleset>, ipsets: readonly IpSet[]): Candidate {
  const rules = { 4: printRestore(rulesets[4]), 6: printRestore(rulesets[6]) }
  const sets = printSets(ipsets)
  const hash = createHash('sha256')
    .update(JSON.stringify([rules, sets]))
    .digest('hex')
  return { rules, sets, hash }
}
