import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Drift } from '../plan/drift.ts'
import { sayRule } from '../plan/unmanaged.ts'
import type { DiffLine } from '../ruleset/diff.ts'
import { type Paint, painter } from './paint.ts'
import { diffLines } from './plan-diff.ts'
import { say } from './say.ts'
import { groupBy, hosts, indented, minute, plain } from './words.ts'

/** What a look at one host found, or why nobody could look. */
export type Looked =
  | {
      readonly host: string
      readonly drift: Drift
      /** Since when it can have been changed; ISO 8601. */
      readonly since?: string
    }
  | { readonly host: string; readonly state: HostState; readonly finding: Finding }

export type Condition = 'in order' | 'pending' | 'drifted' | 'not looked at'

const CODES: Readonly<Record<Condition, 0 | 2 | 3>> = {
  'in order': 0,
  pending: 2,
  drifted: 2,
  'not looked at': 3,
}

export function conditionOf(looked: Looked): Condition {
  if (!('drift' in looked)) return 'not looked at'
  if (looked.drift.kinds.length > 0) return 'drifted'
  return looked.drift.pending ? 'pending' : 'in order'
}

/** 2: a host has drifted, or something is pending. 3: a host that nobody could look at. */
export function exitCodeOfDrift(looked: readonly Looked[]): 0 | 2 | 3 {
  return looked.reduce<0 | 2 | 3>((worst, one) => {
    const code = CODES[conditionOf(one)]
    return code > worst ? code : worst
  }, 0)
}

const ORDER: readonly Condition[] = ['in order', 'pending', 'drifted', 'not looked at']

/** One line where all is in order. Else hosts of which the same is to be said together, the worst last. */
export function printDrift(looked: readonly Looked[], { color = false } = {}): string {
  const paint = painter(color)
  const bad = looked
    .filter(one => conditionOf(one) !== 'in order')
    .toSorted((a, b) => ORDER.indexOf(conditionOf(a)) - ORDER.indexOf(conditionOf(b)))
  const folded = [...groupBy(bad, one => JSON.stringify(sameness(one))).values()]
  return `${[...folded.map(all => block(all, paint)), paint('bold', count(looked))].join('\n\n')}\n`
}

/** `47 hosts: 45 in order, 2 drifted`. */
function count(looked: readonly Looked[]): string {
  const parts = ORDER.flatMap(condition => {
    const number = looked.filter(one => conditionOf(one) === condition).length
    return number > 0 ? [`${number} ${condition}`] : []
  })
  const all = looked.every(one => conditionOf(one) === 'in order') ? 'nothing drifted' : parts.join(', ')
  return `${hosts(looked.length)}: ${all}`
}

/** Moments and numbers of generations differ from host to host. */
function sameness(looked: Looked): unknown {
  if (!('drift' in looked)) return [looked.state, looked.finding]
  const { host: _, up: __, generation, ...same } = looked.drift
  return [same, generation?.origin?.run]
}

type Seen = Extract<Looked, { drift: Drift }>

function block(all: readonly Looked[], paint: Paint): string {
  const names = all.map(({ host }) => host).join(', ') + (all.length > 1 ? ` (${hosts(all.length)})` : '')
  const [first] = all
  if (!first) return ''
  if (!('drift' in first)) return paint('red', `${names}: ${first.state}: ${say(first.finding)}`)
  const seen = all.filter((one): one is Seen => 'drift' in one)
  const { drift } = first
  const lines = [
    ...whoLines(seen),
    ...drift.findings.map(finding => paint('yellow', say(finding))),
    ...strangerLines(drift),
    ...section('live, against what was confirmed:', drift.live, paint),
    ...section('on disk:', drift.disk, paint),
    ...(drift.pending ? [PENDING, ...diffLines(drift.rendered, paint)] : []),
    ...(drift.pending === undefined && drift.generation ? [UNKNOWN] : []),
  ]
  const head = paint('bold', `${names}: ${conditionOf(first)}`)
  return [head, ...lines.map(line => indented(line, '  '))].join('\n')
}

const UNKNOWN =
  "whether other rules are pending can't be said by what is left of its generation (see `fleet plan`)"
const PENDING = 'pending, and not yet applied (see `fleet plan`):'

/** Who confirmed last, and what can be known of who came after: a firewall keeps no record. */
function whoLines(all: readonly Seen[]): string[] {
  const [first] = all
  const { generation, kinds, makers } = first?.drift ?? {}
  if (!generation) return []
  const { who = '', run = '' } = generation.origin ?? {}
  const numbers = [...new Set(all.map(({ drift }) => drift.generation?.number))].join(', ')
  const made = [
    ...new Set(all.flatMap(({ drift }) => minute(drift.generation?.origin?.made ?? ''))),
  ].toSorted()
  const when = `${made[0] ?? ''}${made.length > 1 ? ' or later' : ''}`
  const confirmed = generation.origin ? `, confirmed ${when} by ${who} (run ${run})` : ''
  const since = all.flatMap(one => one.since ?? []).toSorted()[0]
  const software = makers?.length ? `; beside fleet there: ${makers.join(', ')}` : ''
  const changed = `changed by somebody since ${since === undefined ? 'then' : minute(since)}; the host keeps no record of whom${software}`
  return [`generation ${numbers}${confirmed}`, ...(kinds?.length ? [changed] : [])].map(plain)
}

/** Those that count are in the diff, where they stand; whose they are is said of all that is known. */
function strangerLines({ strangers }: Drift): string[] {
  return strangers.flatMap(one => {
    if (one.counts && one.maker === undefined) return []
    const whose = one.maker === undefined ? '' : ` (${one.maker}'s by its name)`
    return [plain(`not made by fleet: ${one.family === 6 ? 'IPv6: ' : ''}${sayRule(one)}${whose}`)]
  })
}

const section = (title: string, diff: readonly DiffLine[], paint: Paint): string[] =>
  diff.length === 0 ? [] : [title, ...diffLines(diff, paint)]
