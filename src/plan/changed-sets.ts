import type { ChangedSet, Observation } from '../host/observation.ts'
import type { Finding, Severity } from '../model/finding.ts'

/** Live sets that don't hold what was confirmed; none where nobody knows what that was. */
export function changedSets({ generation }: Pick<Observation, 'generation'>): readonly ChangedSet[] {
  const { damaged = [], changedSets: changed = [] } = generation
  return damaged.some(name => name === 'ipsets' || name === 'meta.json') ? [] : changed
}

export function saySets(changed: readonly ChangedSet[], severity: Severity): readonly Finding[] {
  const sets = changed.map(({ name, missing, added }) => `${name} (${missing} missing, ${added} added)`)
  return sets.length > 0 ? [{ code: 'drift-sets', severity, args: { sets } }] : []
}
