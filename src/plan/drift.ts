import type { Generation, Observation } from '../host/observation.ts'
import { FAMILIES } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import { type DiffLine, diff } from '../ruleset/diff.ts'
import { findBehind } from './blocks.ts'
import { changedSets, saySets } from './changed-sets.ts'
import { compare } from './compare.ts'
import { compareDisk } from './drift-disk.ts'
import { compareLive, isDamaged, type LiveDrift, type Stranger } from './drift-live.ts'
import { refuseLockedDown } from './lockdown.ts'
import type { Question } from './question.ts'
import { refusals } from './refuse.ts'
import { sayRule } from './unmanaged.ts'

/** In what a host isn't as it was last confirmed. */
export const DRIFT_KINDS = [
  /** Confirmed rules are missing, were changed, or stand in another order. */
  'rules',
  /** Rules that came, in chains that fleet keeps. */
  'strangers',
  /** Live sets that rules refer to don't hold what was confirmed. */
  'sets',
  /** Something else makes or loads rules: another service, the other kind of iptables, nft. */
  'others',
  /** Files of the generation aren't what was confirmed. */
  'damaged',
  /** The last change was confirmed and never came to the disk. */
  'unstored',
  /** /etc/iptables/rules.v4 and rules.v6 aren't its links. */
  'unlinked',
  'plugins',
  'disabled',
  'uninstalled',
  /** A change that nobody confirmed, and nobody is there to take it back. */
  'unfinished',
  'never-applied',
  /** It blocks less than the ledger and the feeds say, or would after a boot. */
  'blocks',
] as const

export type DriftKind = (typeof DRIFT_KINDS)[number]

export interface Drift {
  readonly host: string
  readonly kinds: readonly DriftKind[]
  /** What would be rendered now isn't what was last confirmed: not the host's doing. Undefined where that can't be said. */
  readonly pending: boolean | undefined
  /** What is to be said of each kind, and why apply would refuse. */
  readonly findings: readonly Finding[]
  readonly generation: Pick<Generation, 'number' | 'origin'> | undefined
  /** From the generation to what is live. */
  readonly live: readonly DiffLine[]
  /** To what a boot would load. */
  readonly disk: readonly DiffLine[]
  /** From the generation to what would be rendered now. */
  readonly rendered: readonly DiffLine[]
  readonly strangers: readonly Stranger[]
  readonly makers: readonly string[]
  /** Milliseconds that the host has been up; 0 where it doesn't say. */
  readonly up: number
}

type Found = Pick<Drift, 'kinds' | 'findings'> & Partial<Drift>

/** A change of somebody's is being made: what is live now is neither here nor there. */
export const isUnderWay = ({ guard, arming }: Observation): boolean =>
  arming || (guard?.alive === true && !/^(STUCK|DISARMED|ROLLED_BACK|PERSISTED)/.test(guard.state))

/** What of a host isn't as it was last confirmed, live and on disk, and as it would be rendered now. */
export function driftOf(question: Question): Drift {
  const { host, seen } = question
  const { number, origin } = seen.generation
  const parts = partsOf(question)
  const empty = { live: [], disk: [], rendered: [], strangers: [], makers: [], pending: false }
  return {
    ...empty,
    ...Object.assign({}, ...parts),
    host,
    up: seen.up,
    generation: number > 0 ? { number, ...(origin ? { origin } : {}) } : undefined,
    kinds: parts.flatMap(({ kinds }) => kinds),
    findings: parts.flatMap(({ findings }) => findings),
  }
}

function partsOf(question: Question): readonly Found[] {
  const { seen, preserve } = question
  // Without iptables nothing could be read, not even whether fleet was there.
  if (seen.lacks.includes('iptables')) return [kind('uninstalled', 'drift-uninstalled'), UNKNOWN]
  const behind = blockParts(question)
  if (seen.generation.number === 0 && !isUnstored(seen))
    return [kind('never-applied', 'drift-never-applied'), UNKNOWN, ...behind]
  const reasons = refusals(question)
  const others = reasons.filter(({ code }) => OTHERS.has(code))
  const isReadable = others.every(({ code }) => code !== 'native-nft')
  return [
    ...(isReadable ? liveParts(compareLive(seen, preserve)) : []),
    ...setParts(seen),
    ...(others.length > 0 ? [{ kinds: ['others' as const], findings: others }] : []),
    ...diskParts(question),
    ...(isReadable ? pendingParts(question, reasons) : [UNKNOWN]),
    ...behind,
  ]
}

const OTHERS: ReadonlySet<string> = new Set(['other-manager', 'both-backends', 'native-nft', 'tables-asleep'])

const kind = (name: DriftKind, code: string, args: Finding['args'] = {}): Found => ({
  kinds: [name],
  findings: [{ code, severity: 'warning', args }],
})

function liveParts({ differs, diff: live, strangers, makers }: LiveDrift): readonly Found[] {
  const counted = strangers.filter(({ counts }) => counts)
  return [
    { kinds: [], findings: [], live, strangers, makers },
    ...(differs ? [kind('rules', 'drift-rules')] : []),
    ...(counted.length > 0
      ? [kind('strangers', 'drift-strangers', { rules: counted.map(rule => sayRule(rule)) })]
      : []),
  ]
}

function setParts(seen: Observation): readonly Found[] {
  const findings = saySets(changedSets(seen), 'warning')
  return findings.length > 0 ? [{ kinds: ['sets'], findings }] : []
}

function blockParts({ seen, blocks }: Question): readonly Found[] {
  const behind = findBehind(seen, blocks)
  return behind ? [{ kinds: ['blocks'], findings: [{ ...behind, severity: 'warning' }] }] : []
}

const isUnstored = ({ guard }: Observation) => guard?.state.startsWith('CONFIRMED') ?? false
const isUnfinished = ({ guard }: Observation) =>
  guard !== undefined && !/^(CONFIRMED|DISARMED|ROLLED_BACK|PERSISTED|$)/.test(guard.state)

function diskParts(question: Question): readonly Found[] {
  const { guard, generation, persistent } = question.seen
  const { who = '', run = '', since = '' } = guard ?? {}
  if (isUnstored(question.seen)) return [kind('unstored', 'drift-unstored', { who, run, since })]
  const { diff: disk, findings } = compareDisk(question)
  const files = (generation.damaged ?? []).map(name => `/etc/iptables/fleet/current/${name}`)
  return [
    { kinds: [], findings: [], disk },
    ...(isUnfinished(question.seen) ? [kind('unfinished', 'drift-unfinished', { who, run, since })] : []),
    ...(generation.whole ? [] : [kind('damaged', 'drift-damaged', { files })]),
    ...(generation.linked ? [] : [kind('unlinked', 'drift-unlinked')]),
    { kinds: [], findings },
    ...(generation.plugins ? [] : [kind('plugins', 'drift-plugins')]),
    ...(generation.enabled || !persistent ? [] : [kind('disabled', 'drift-disabled')]),
    ...(persistent ? [] : [kind('uninstalled', 'drift-uninstalled')]),
  ]
}

/** There is nothing that it could be held against. */
const UNKNOWN: Found = { kinds: [], findings: [], pending: undefined }

/** Where it doesn't load there, it isn't what was confirmed either. Damaged files say nothing of that; the others do. */
function pendingParts(question: Question, reasons: readonly Finding[]): readonly Found[] {
  const { generation, canonical, asConfirmed } = question.seen
  const locked = refuseLockedDown(question)
  // That it should have other rules some time is all that there is to say.
  if (locked) return [{ kinds: [], findings: locked.findings, pending: true }]
  const unloadable = reasons.filter(({ code }) => code === 'candidate-does-not-load')
  if (unloadable.length > 0) return [{ kinds: [], findings: unloadable, pending: true }]
  if (!canonical && !asConfirmed) return [UNKNOWN]
  const { families } = compare(question)
  const known = FAMILIES.filter(family => !isDamaged(generation, family))
  const rendered = known.flatMap(family => diff(families[family].confirmed, families[family].wanted))
  if (rendered.length > 0) return [{ kinds: [], findings: [], pending: true, rendered }]
  return generation.whole ? [] : [UNKNOWN]
}

/** Since when it can have been changed, in ISO 8601: a boot loads what was confirmed, where the disk says that. */
export function changedSince({ generation, kinds, up }: Drift, at: number): string | undefined {
  const made = Date.parse(generation?.origin?.made ?? '')
  const isBootTrue = kinds.every(
    name => name === 'rules' || name === 'strangers' || name === 'sets' || name === 'others',
  )
  const moments = [made, ...(up > 0 && isBootTrue ? [at - up] : [])].filter(Number.isFinite)
  return moments.length === 0 ? undefined : new Date(Math.max(...moments)).toISOString()
}
