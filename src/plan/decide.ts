import { createHash } from 'node:crypto'
import type { Observation } from '../host/observation.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { canonical } from '../ruleset/canonical.ts'
import { type DiffLine, diff, isEqual } from '../ruleset/diff.ts'
import { parseRestore, parseSave } from '../ruleset/parse.ts'
import { printRestore } from '../ruleset/print.ts'
import type { IpSet, Ruleset } from '../ruleset/ruleset.ts'
import { printSets } from '../ruleset/sets.ts'
import { type Change, change } from '../ruleset/transition.ts'
import { onceForAlike, withoutCounters } from './alike.ts'
import { checkBoot } from './boots.ts'
import type { HostChange, HostPlan, Wish } from './host-plan.ts'
import { checkLockout, parseSshConnection } from './lockout.ts'
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
import { refusals } from './refuse.ts'
import { closedBy, type Listener, parseSockets } from './sockets.ts'
import { judgeUnmanaged } from './unmanaged.ts'

export interface Question extends Wish {
  readonly rulesets: PerFamily<Ruleset>
  readonly sets: readonly IpSet[]
  readonly candidateHash: string
  readonly seen: Observation
  readonly preserve: readonly string[]
  readonly replace: readonly string[]
  readonly replaceUnmanaged: boolean
  readonly acceptLockoutRisk: boolean
  readonly isShipped: (role: string) => boolean
}

/** Works out what to do with one host: pure, so the same observation always gives the same plan. */
export function decide(question: Question): HostPlan {
  const reasons = refusals(question.seen, question.rulesets)
  if (reasons.length > 0) return { ...empty(question), verdict: 'refused', findings: reasons }
  const { families, described, equal, texts } = compare(question)
  const facts = { ...empty(question), ...described }
  const persisted = isPersisted(question.seen)
  const findings = [
    ...judgeUnmanaged(question, facts.unmanaged, equal && persisted),
    ...lockout(question, families),
    ...checkBoot(question.seen),
  ]
  if (equal && persisted)
    return {
      ...facts,
      findings: findings.filter(({ severity }) => severity !== 'error'),
      verdict: 'unchanged',
    }
  if (findings.some(({ severity }) => severity === 'error')) return { ...facts, findings, verdict: 'refused' }
  return { ...facts, findings, verdict: 'change', change: freeze(question, texts()) }
}

/** What hosts share that have the same rules and are to have the same. */
interface Compared {
  readonly families: PerFamily<Worked>
  readonly described: Partial<HostPlan>
  readonly equal: boolean
  readonly texts: () => Texts
}

type Texts = Omit<HostChange, 'base' | 'generation'>

const onceForKind = onceForAlike<Compared>()

function compare(question: Question): Compared {
  const { rulesets, sets, seen, preserve, replace } = question
  const listeners = parseSockets(seen.sockets ?? [])
  const saves = [seen.live, seen.canonical].flatMap(texts => FAMILIES.map(family => texts?.[family] ?? ''))
  const asked = [question.isShipped, question.replaceUnmanaged, question.candidateHash, ...sets]
  const generation = [seen.generation.ipsets, ...FAMILIES.map(family => seen.generation.rules[family])]
  const rest = JSON.stringify([preserve, replace, listeners, seen.asConfirmed, Boolean(seen.canonical)])
  const key = [...FAMILIES.map(family => rulesets[family]), ...asked, rest, ...generation]
  return onceForKind([...key, ...saves.map(withoutCounters)], () => {
    const families = both(family => workOut(question, family))
    let texts: Texts | undefined
    return {
      families,
      described: describe(families, listeners),
      equal: FAMILIES.every(family => isEqual(families[family].now, families[family].wanted)),
      texts: () => {
        texts ??= print(question, families)
        return texts
      },
    }
  })
}

interface Worked {
  readonly live: Ruleset
  readonly wanted: Ruleset
  readonly now: Ruleset
  readonly change: Change
  readonly ownership: Ownership
  /** A container runtime has chains of its own here. */
  readonly shared: boolean
}

const both = <T>(make: (family: Family) => T): PerFamily<T> => ({ 4: make(4), 6: make(6) })

function workOut(question: Question, family: Family): Worked {
  const { seen } = question
  const live = parseSave(seen.live[family], family)
  const confirmed = parseRestore(seen.generation.rules[family], family, `/etc/iptables/rules.v${family}`)
  const shared = hasContainerRuntime(live)
  const last = shared ? withoutContainerPolicies(confirmed) : confirmed
  const all = wantedOf(question, family, confirmed)
  const wanted = shared ? withoutContainerChains(all, question.isShipped) : all
  const preserve = [...KNOWN_FOREIGN, ...question.preserve]
  const ownership = { live, wanted, last, preserve, replace: question.replace }
  const now = ownedNow(ownership, question.replaceUnmanaged)
  const isPreserved = (text: string) => matchesAny(jumpOf(text) ?? '', preserve)
  return { live, wanted, now, change: change(live, now, wanted, { isPreserved }), ownership, shared }
}

/** In the host's own words; in the template's where the host has no iptables yet. */
function wantedOf({ seen, rulesets }: Question, family: Family, confirmed: Ruleset): Ruleset {
  if (seen.asConfirmed) return canonical(confirmed, rulesets[family])
  if (!seen.canonical) return rulesets[family]
  return canonical(parseSave(seen.canonical[family], family), rulesets[family])
}

const isPersisted = ({ generation, persistent }: Observation) =>
  generation.number > 0 &&
  generation.whole &&
  generation.linked &&
  generation.plugins &&
  generation.enabled &&
  persistent

const empty = (question: Question): HostPlan => ({
  host: question.host,
  groups: question.groups,
  roles: question.roles,
  onlyBase: question.onlyBase,
  verdict: 'unchanged',
  findings: [],
  diff: [],
  closes: [],
  unmanaged: [],
  installs: !question.seen.persistent || question.seen.lacks.length > 0,
  released: [],
  kept: [],
  bootId: question.seen.bootId,
})

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

function lockout(question: Question, families: PerFamily<Worked>): readonly Finding[] {
  const connection = parseSshConnection(question.seen.sshConnection)
  if (!connection) return [{ code: 'no-ssh-connection', severity: 'error', args: {} }]
  const sets = new Map(question.sets.map(({ name, entries }) => [name, entries]))
  const seen = question.seen.interface
  const found = checkLockout(
    both(family => families[family].change.after),
    { ...connection, ...(seen === undefined ? {} : { interface: seen }) },
    sets,
  )
  if (!question.acceptLockoutRisk) return found
  return found.map(finding => ({ ...finding, severity: 'warning' }))
}

function freeze({ seen }: Question, texts: Texts): HostChange {
  return { base: seen.generation.number, generation: seen.generation.number + 1, ...texts }
}

function print(question: Question, families: PerFamily<Worked>): Texts {
  const text = (part: (worked: Worked) => string) => both(family => part(families[family]))
  return {
    now: text(({ now }) => printRestore(now)),
    want: text(({ wanted }) => printRestore(wanted)),
    do: text(worked => worked.change.do.payload),
    undo: text(worked => worked.change.undo.payload),
    sets: printSets(question.sets),
    setsNow: question.seen.generation.ipsets,
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
