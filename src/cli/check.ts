import { lint } from '../lint/run.ts'
import type { Finding } from '../model/finding.ts'
import type { Rendered } from '../roles/render.ts'
import { printRestore } from '../ruleset/print.ts'
import type { Inputs } from './inputs.ts'
import { unique } from './unique.ts'

/** All that there is to say before anybody is contacted, each thing once: of the inputs, the roles and the rules. */
export function findingsOf(inputs: Inputs, rendered: ReadonlyMap<string, Rendered>): readonly Finding[] {
  const roles = [...rendered.values()].flatMap(({ findings }) => findings)
  return unique([...inputs.findings, ...roles, ...lintAll(rendered.values())])
}

/** Hosts of a group mostly have the same rules: those are looked at once. */
function lintAll(rendered: Iterable<Rendered>): readonly Finding[] {
  const distinct = new Map<string, Rendered>()
  for (const one of rendered) {
    if (one.rulesets) distinct.set(printRestore(one.rulesets[4]) + printRestore(one.rulesets[6]), one)
  }
  return [...distinct.values()].flatMap(({ rulesets, sets }) => {
    const entries = new Map(sets.map(set => [set.name, set.entries]))
    return rulesets ? lint(rulesets, { sets: entries }) : []
  })
}
