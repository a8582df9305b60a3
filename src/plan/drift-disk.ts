import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { canonical } from '../ruleset/canonical.ts'
import { type DiffLine, diff } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'
import { compareTo, isDamaged } from './drift-live.ts'
import { ownedNow } from './owned-now.ts'
import { KNOWN_FOREIGN } from './ownership.ts'
import type { Question } from './question.ts'

/** The files that a boot loads. */
export interface DiskDrift {
  /** Towards what lies on the disk: from the generation, or from the live rules where its own file is damaged. */
  readonly diff: readonly DiffLine[]
  /** Why a file can't be read. */
  readonly findings: readonly Finding[]
}

const NOTHING: DiskDrift = { diff: [], findings: [] }

/** What the files say that aren't what was confirmed: a generation's own, or those in the place of its links. */
export function compareDisk(question: Question): DiskDrift {
  const { generation } = question.seen
  const parts = FAMILIES.map(family => {
    if (isDamaged(generation, family)) return readable(() => damagedFile(question, family))
    return generation.linked ? NOTHING : readable(() => placedFile(question, family))
  })
  return { diff: parts.flatMap(one => one.diff), findings: parts.flatMap(one => one.findings) }
}

function readable(compare: () => readonly DiffLine[]): DiskDrift {
  try {
    return { diff: compare(), findings: [] }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    return { diff: [], findings: [{ ...error.finding, severity: 'warning' }] }
  }
}

const pathOf = (family: Family) => `/etc/iptables/rules.v${family}`

/** Somebody's own file where the link was: held against the generation as live rules are. */
function placedFile({ seen, preserve }: Question, family: Family): readonly DiffLine[] {
  const confirmed = parseRestore(seen.generation.rules[family], family, pathOf(family))
  return compareTo(confirmed, parseRestore(seen.boots[family], family, pathOf(family)), preserve).diff
}

/** Nobody knows any more what was confirmed; what it says that isn't live, and the other way round, tells most. */
function damagedFile(question: Question, family: Family): readonly DiffLine[] {
  const { seen, preserve } = question
  const said = parseRestore(seen.generation.rules[family], family, pathOf(family))
  const live = parseSave(seen.live[family], family)
  const wanted = renderedOf(question, family)
  return diff(
    ownedNow({ live, wanted, last: said, preserve: [...KNOWN_FOREIGN, ...preserve], replace: [] }, false),
    said,
  )
}

function renderedOf({ seen, rulesets }: Question, family: Family): Ruleset {
  if (!seen.canonical) return { family, tables: new Map() }
  return canonical(parseSave(seen.canonical[family], family), rulesets[family])
}
