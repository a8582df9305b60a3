import type { Generation, Observation } from '../host/observation.ts'
import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { isEqual } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import type { Rule, Ruleset, Table } from '../ruleset/ruleset.ts'
import { jumpOf, KNOWN_FOREIGN, matchesAny } from './ownership.ts'

type Seen = Pick<Observation, 'rulesFiles' | 'boots' | 'live'> & {
  readonly generation: Pick<Generation, 'number'>
}

/**
 * At first contact a reboot is the way back to what the host booted before: to be said where rules lie there that
 * aren't what is live. What known software puts in while it runs is left out. Finding: `boot-loads-other` (warning).
 */
export function checkBoot(seen: Seen, preserve: readonly string[]): readonly Finding[] {
  if (seen.generation.number > 0 || seen.rulesFiles.length === 0) return []
  const known = [...KNOWN_FOREIGN, ...preserve]
  if (FAMILIES.every(family => bootsWhatIsLive(seen, family, known))) return []
  return [{ code: 'boot-loads-other', severity: 'warning', args: { files: seen.rulesFiles } }]
}

function bootsWhatIsLive(seen: Seen, family: Family, known: readonly string[]): boolean {
  try {
    const booted = parseRestore(seen.boots[family], family, `/etc/iptables/rules.v${family}`)
    const live = parseSave(seen.live[family], family)
    return isEqual(withoutForeign(booted, known), withoutForeign(live, known))
  } catch (error) {
    if (error instanceof FleetError) return false
    throw error
  }
}

/** Without the chains of known software, the jumps to them, and tables that then say nothing but ACCEPT. */
function withoutForeign(ruleset: Ruleset, known: readonly string[]): Ruleset {
  const own = [...ruleset.tables].map(([name, table]): [string, Table] => {
    const chains = [...table.values()].filter(chain => !matchesAny(chain.name, known))
    const stays = ({ text }: Rule) => !matchesAny(jumpOf(text) ?? '', known)
    return [name, new Map(chains.map(chain => [chain.name, { ...chain, rules: chain.rules.filter(stays) }]))]
  })
  const says = own.filter(([, table]) =>
    [...table.values()].some(({ policy, rules }) => policy !== 'ACCEPT' || rules.length > 0),
  )
  return { ...ruleset, tables: new Map(says) }
}
