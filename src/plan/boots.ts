import type { Observation } from '../host/observation.ts'
import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { isEqual } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'

/**
 * At first contact a reboot is the way back to what the host booted before: to be said where that isn't what is live.
 * Finding: `boot-loads-other` (warning).
 */
export function checkBoot(seen: Observation): readonly Finding[] {
  if (seen.generation.number > 0 || FAMILIES.every(family => bootsWhatIsLive(seen, family))) return []
  return [{ code: 'boot-loads-other', severity: 'warning', args: { files: seen.rulesFiles } }]
}

function bootsWhatIsLive(seen: Observation, family: Family): boolean {
  try {
    const booted = parseRestore(seen.boots[family], family, `/etc/iptables/rules.v${family}`)
    return isEqual(withoutEmpty(booted), withoutEmpty(parseSave(seen.live[family], family)))
  } catch (error) {
    if (error instanceof FleetError) return false
    throw error
  }
}

/** A table that only says ACCEPT is as good as none. */
function withoutEmpty(ruleset: Ruleset): Ruleset {
  const says = [...ruleset.tables].filter(([, table]) =>
    [...table.values()].some(({ policy, rules }) => policy !== 'ACCEPT' || rules.length > 0),
  )
  return { ...ruleset, tables: new Map(says) }
}
