import type { Observation } from '../host/observation.ts'
import { FAMILIES } from '../model/family.ts'
import { isBuiltIn } from '../ruleset/ruleset.ts'
import { KNOWN_FOREIGN, matchesAny } from './ownership.ts'

/** What iptables-nft says of a table in which it can't express everything: a rule, or a chain with a hook of its own. */
const INCOMPATIBLE = /^# Table `(.+)' (?:is|contains) incompatible/gm

/**
 * Where nft made rules in the tables of iptables that iptables-save leaves out or prints as something else, as
 * `ip filter` or `ip filter INPUT`. In chains that fleet never touches that is their owner's business.
 */
export function nativeRules(
  { live, natives }: Pick<Observation, 'live' | 'natives'>,
  preserve: readonly string[],
): readonly string[] {
  const tables = FAMILIES.flatMap(family =>
    [...live[family].matchAll(INCOMPATIBLE)].map(([, table]) => `${family === 4 ? 'ip' : 'ip6'} ${table}`),
  )
  const chains = natives.filter(place => {
    const [, table = '', chain = ''] = place.split(' ')
    return isBuiltIn(table, chain) || !matchesAny(chain, [...KNOWN_FOREIGN, ...preserve])
  })
  return [...new Set([...tables, ...chains])].toSorted()
}
