import { createHash } from 'node:crypto'
import type { Generation } from '../host/observation.ts'
import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import { canonical, findLost } from '../ruleset/canonical.ts'
import { type DiffLine, diff, isEqual } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import { printRestore } from '../ruleset/print.ts'
import type { Ruleset } from '../ruleset/ruleset.ts'
import { printSets } from '../ruleset/sets.ts'
import { type Change, change } from '../ruleset/transition.ts'
import { onceForAlike, withoutCounters } from './alike.ts'
import type { HostChange, HostPlan } from './host-plan.ts'
import { ownedNow } from './owned-now.ts'
import {
  findUnmanaged,
  hasContainerRuntime,
  jumpOf,
  KNOWN_FOREIGN,
  matchesAny,
  type Ownership,
  withoutContainerChains,
  withoutContainerPolicies,
} from './ownership.ts'
import type { Question } from './question.ts'
import { closedBy, type Listener, parseSockets } from './sockets.ts'

/** What hosts share that have the same rules and are to have the same. */
export interface Compared {
  readonly families: PerFamily<Worked>
  readonly described: Partial<HostPlan>
  readonly equal: boolean
  /** The last confirmed generation says what is wanted: a boot loads that. */
  readonly stored: boolean
  readonly texts: () => Texts
}

export type Texts = Omit<HostChange, 'base' | 'generation'>

const onceForKind = onceForAlike<Compared>()

/** What is live against what is wanted, in both families; worked out once for hosts that are alike. */
export function compare(question: Question): Compared {
  const { rulesets, sets, seen, preserve, replace } = question
  const listeners = parseSockets(seen.sockets ?? [])
  const saves = [seen.live, seen.canonical].flatMap(texts => FAMILIES.map(family => texts?.[family] ?? ''))
  const asked = [
    question.isShipped,
    question.isLockdown,
    question.isLeaving,
    question.replaceUnmanaged,
    question.candidateHash,
    ...sets,
  ]
  const generation = [seen.generation.ipsets, ...FAMILIES.map(family => seen.generation.rules[family])]
  const rest = JSON.stringify([preserve, replace, listeners, seen.asConfirmed, Boolean(seen.canonical)])
  const key = [...FAMILIES.map(family => rulesets[family]), ...asked, rest, ...generation]
  return onceForKind([...key, ...saves.map(withoutCounters)], () => {
    const families = both(family => workOut(question, family))
    let texts: Texts | undefined
    return {
      families,
      described: describe(families, listeners),
      equal: FAMILIES.every(family => isDone(question, families[family])),
      stored: FAMILIES.every(family => isEqual(families[family].confirmed, families[family].wanted)),
      texts: () => {
        texts ??= print(question, families)
        return texts
      },
    }
  })
}

export interface Worked {
  readonly live: Ruleset
  readonly confirmed: Ruleset
  readonly wanted: Ruleset
  readonly now: Ruleset
  readonly change: Change
  readonly ownership: Ownership
  /** A container runtime has chains of its own here. */
  readonly shared: boolean
}

/** What a lockdown lets stand before its own rules in raw: what is dropped there may be dropped. */
const BLOCKS = ['FLEET-BLOCK']

/** The rules of a lockdown are where they have to be only if nobody's stand before them. */
const isDone = ({ isLockdown }: Question, { now, wanted, change }: Worked) =>
  isEqual(now, wanted) && (!isLockdown || change.do.payload === '')

export const both = <T>(make: (family: Family) => T): PerFamily<T> => ({ 4: make(4), 6: make(6) })

function workOut(question: Question, family: Family): Worked {
  const { seen } = question
  const live = parseSave(seen.live[family], family)
  const confirmed = lastConfirmed(seen.generation, family)
  const shared = hasContainerRuntime(live)
  const last = shared ? withoutContainerPolicies(confirmed) : confirmed
  const all = wantedOf(question, family, confirmed)
  const wanted = shared ? withoutContainerChains(all, live, question.isShipped) : all
  const preserve = [...KNOWN_FOREIGN, ...question.preserve]
  const ownership = { live, wanted, last, preserve, replace: question.replace }
  const now = ownedNow(ownership, question.replaceUnmanaged)
  const isPreserved = (text: string) => matchesAny(jumpOf(text) ?? '', preserve)
  const isBlock = (text: string) => matchesAny(jumpOf(text) ?? '', BLOCKS)
  const first = question.isLockdown ? { isBeforeRaw: isBlock } : {}
  const { isLeaving = false } = question
  const changed = change(live, now, wanted, { isPreserved, ...first, isLeaving })
  return { live, confirmed, wanted, now, change: changed, ownership, shared }
}

/** A file that was damaged says nothing, and must not keep its host from being mended. */
function lastConfirmed({ rules, whole }: Generation, family: Family): Ruleset {
  try {
    return parseRestore(rules[family], family, `/etc/iptables/rules.v${family}`)
  } catch (error) {
    if (whole || !(error instanceof FleetError)) throw error
    return { family, tables: new Map() }
  }
}

const SET_LINE = /^(?:create \S+ hash:\S+ .+|add \S+ \S+.*|)$/

function lastSets({ ipsets, whole }: Generation): string {
  return whole || ipsets.split('\n').every(line => SET_LINE.test(line)) ? ipsets : ''
}

/** In the host's own words; in the template's where the host has no iptables yet. */
function wantedOf({ seen, rulesets }: Question, family: Family, confirmed: Ruleset): Ruleset {
  if (seen.asConfirmed) return canonical(confirmed, rulesets[family])
  if (!seen.canonical) return rulesets[family]
  const saved = parseSave(seen.canonical[family], family)
  const lost = findLost(saved, rulesets[family])
  if (lost) throw new FleetError('host-loses-rules', { family, chain: lost }, { hostState: 'refused' })
  return canonical(saved, rulesets[family])
}

function describe(families: PerFamily<Worked>, listeners: readonly Listener[]): Partial<HostPlan> {
  const each = <T>(list: (worked: Worked) => readonly T[]): T[] =>
    FAMILIES.flatMap(family => [...list(families[family])])
  return {
    diff: each<DiffLine>(({ now, wanted }) => diff(now, wanted)),
    unmanaged: each(({ ownership }) => findUnmanaged(ownership)),
    released: each(({ now, change }) => change.do.released.filter(name => hasPolicy(now, name))),
    kept: each(one => one.change.do.kept),
    closes: closedBy(
      both(family => families[family].live),
      both(family => families[family].change.after),
      listeners,
    ),
  }
}

/** Of a chain in the words of a transition: `table chain`. */
function hasPolicy({ tables }: Ruleset, name: string): boolean {
  const [table = '', chain = ''] = name.split(' ')
  return (tables.get(table)?.get(chain)?.policy ?? null) !== null
}

function print(question: Question, families: PerFamily<Worked>): Texts {
  const text = (part: (worked: Worked) => string) => both(family => part(families[family]))
  return {
    now: text(({ now }) => printRestore(now)),
    want: text(({ wanted }) => printRestore(wanted)),
    do: text(worked => worked.change.do.payload),
    undo: text(worked => worked.change.undo.payload),
    sets: printSets(question.sets),
    setsNow: lastSets(question.seen.generation),
    candidateHash: hashOf(question, families),
  }
}

/**
 * What is confirmed beside a container runtime is not the whole candidate, and must not pass for it on a host where
 * the runtime is gone: the host answers `as confirmed` by this hash alone.
 */
function hashOf({ candidateHash }: Question, families: PerFamily<Worked>): string {
  if (!FAMILIES.some(family => families[family].shared)) return candidateHash
  return createHash('sha256').update(`${candidateHash} beside containers`).digest('hex')
}
