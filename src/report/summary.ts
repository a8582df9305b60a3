import type { Outcome, WayBack } from '../model/event.ts'
import type { Args, Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { painter, type Tone } from './paint.ts'
import { say } from './say.ts'
import { sayWay, type WaysBack } from './ways-back.ts'
import { groupBy, hosts, indented, named } from './words.ts'

/** What to do about a host in this state, beyond what its finding says; `LIMIT` stands for the hosts' names. */
const NEXT: Readonly<Partial<Record<HostState, string>>> = {
  reverted: 'The old rules are in force again. Correct what is wrong, and run it again with -l LIMIT.',
  failed: 'Its rules are as they were. Run it again with -l LIMIT when the cause is mended.',
  unreachable: 'Nothing was changed there. When that is mended, run it again with -l LIMIT.',
  'not started': 'The run was stopped before its turn, and nothing was changed there. Run it again to go on.',
  'confirmed, not persisted':
    'The new rules are in force, but a boot would load others. Mend the cause, and run it again with -l LIMIT before the host is booted.',
  stuck:
    'It may have any mixture of old and new rules. Log in at its console and look at /var/lib/fleet/txn; `sh /var/lib/fleet/rollback` tries again.',
  unknown:
    'If it had begun and nobody could reach it, it puts its old rules back by itself. See what it has with `fleet plan -l LIMIT`.',
}

/** What to do where it isn't what is done about others in that state. */
const OWN_NEXT: Readonly<Record<string, (a: Args) => string>> = {
  'not-as-left': () => 'See what differs with `fleet plan -l LIMIT`.',
  'lost-again': () => 'See what it has with `fleet plan -l LIMIT` when it answers again.',
  'beyond-stages': () =>
    'Nothing was changed there. Run it again to go on; with 100% as the last stage nobody is left out.',
  'half-removed': () => 'Run it again with -l LIMIT.',
  'taken-back': () => 'Mend what made the rollout fail, and run it again.',
  'let-go': () => '`fleet resume` brings it to its end.',
  'never-armed': a => `Go on with \`fleet ${String(a.command)} -l LIMIT\`.`,
}

/** The same of hosts that stand on their new rules. */
const PERSISTED_NEXT: Readonly<Record<string, (a: Args) => string>> = {
  'not-taken-back': a => {
    if (a.last === 'aborted') return '`fleet resume` takes it back.'
    // There is no generation of before fleet.
    const back = a.to === 0 ? 'fleet remove' : 'fleet rollback'
    return `When the cause is mended, \`${back} -l LIMIT\` takes it back.`
  },
  'gate-fail': () => 'It stays on its new rules. `fleet rollback -l LIMIT` takes it back to those before.',
}

/** Of hosts that were being taken back after a failure, and aren't there for good. */
const UNSETTLED_NEXT: Readonly<Partial<Record<HostState, string>>> = {
  unknown: '`fleet resume` asks it again; `fleet status -l LIMIT` says which generation it has.',
  'confirmed, not persisted': 'Mend the cause, and `fleet resume` stores it, before the host is booted.',
}

const GOOD: ReadonlySet<HostState> = new Set(['unchanged', 'persisted'])

/** Worst last: that is where one looks first on a terminal. */
const ORDER: readonly HostState[] = [
  'unchanged',
  'persisted',
  'not started',
  'refused',
  'reverted',
  'failed',
  'unreachable',
  'confirmed, not persisted',
  'unknown',
  'stuck',
]

/** Causes of one kind that are told one by one; of more, so many examples. */
const MOST_CAUSES = 10
const EXAMPLES = 3
/** Names in a command line that somebody copies. */
const MOST_LIMITED = 50

interface SummaryOptions {
  readonly color?: boolean
  /** What kept the run from going through all its stages. */
  readonly why?: Finding
  /** What is to be said of no single host. */
  readonly notes?: readonly Finding[]
  /** Of hosts that were to go back, where. */
  readonly ways?: WaysBack
  /** Hosts of which all is well by their names, too. */
  readonly isNamed?: boolean
  /** The run by which hosts that failed can be caught up. */
  readonly rest?: string
}

/** What became of every host. Hosts of which the same is to be said are folded; a failed one says what to do next. */
export function printSummary(
  outcomes: readonly Outcome[],
  { color = false, why, rest, notes = [], ways = new Map(), isNamed = false }: SummaryOptions = {},
): string {
  const paint = painter(color)
  const sorted = outcomes.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  const wayOf = ({ host, state }: Outcome) => onItsWay(state, ways.get(host))
  const kinds = groupBy(sorted, one => `${one.state}${wayOf(one)} ${one.finding?.code}`)
  const entries = [...kinds.values()]
    .flatMap(ofOneKind)
    .map(all => paint(toneOf(all[0]), entry(all, all.map(wayOf)[0], isNamed)))
  entries.push(...notes.map(note => paint('yellow', say(note))))
  // Whoever stops it knows that.
  if (why && why.code !== 'stopped') entries.push(paint('red', early(why)))
  if (rest && !outcomes.every(isGood)) entries.push(`\`fleet resume ${rest}\` catches up what is left.`)
  return entries.map(line => `${line}\n`).join('')
}

/** Each cause by itself, unless there are too many of them to be read. */
function ofOneKind(all: readonly Outcome[]): readonly (readonly Outcome[])[] {
  const folded = [...groupBy(all, ({ finding }) => JSON.stringify(finding)).values()]
  return folded.length > MOST_CAUSES ? [all] : folded
}

/** A journal may be lost when there was nobody left to start. */
const early = (why: Finding) =>
  why.code === 'journal-lost' ? say(why) : `The rollout ended early: ${say(why)}`

const isGood = (outcome: Outcome | undefined) =>
  outcome !== undefined && GOOD.has(outcome.state) && outcome.finding?.severity !== 'error'
const toneOf = (outcome: Outcome | undefined): Tone =>
  isGood(outcome) ? (outcome?.finding ? 'yellow' : 'none') : 'red'

/** What to do about hosts of which the same is to be said. */
export function whatNext({ state, finding }: Outcome, names: readonly string[]): string | undefined {
  return (ownNext(state, finding) ?? NEXT[state])?.replace(
    'LIMIT',
    names.length > MOST_LIMITED ? 'HOSTS' : names.join(','),
  )
}

function ownNext(
  state: HostState,
  { code, args }: Pick<Finding, 'code' | 'args'> = NO_REASON,
): string | undefined {
  if (code === 'return-unsettled') return UNSETTLED_NEXT[state]
  return OWN_NEXT[code]?.(args) ?? (state === 'persisted' ? PERSISTED_NEXT[code]?.(args) : undefined)
}

const NO_REASON = { code: '', args: {} }

/** Behind its state: where a host went, or was to go. */
function onItsWay(state: HostState, way?: WayBack): string {
  if (!way) return ''
  return GOOD.has(state) ? `, ${sayWay(way)}` : `, on the way ${sayWay(way)}`
}

const STAYED = 'It has what it had before this rollback. Mend the cause, and take it back once more.'

function entry(all: readonly Outcome[], way = '', isNamed = false): string {
  const [first] = all
  if (!first) return ''
  const names = all.map(({ host }) => host)
  if (isGood(first) && !first.finding && way === '')
    return `${isNamed ? named(names) : hosts(all.length)}: ${first.state}`
  const causes = [...new Set(all.flatMap(({ finding }) => (finding ? [say(finding)] : [])))]
  const said = causes.length > 1 ? ', for example:' : causes.map(cause => `: ${cause}`).join('')
  const examples = causes.length > 1 ? causes.slice(0, EXAMPLES) : []
  // What it was to leave is what its guard has put back.
  const next = way !== '' && first.state === 'reverted' ? STAYED : whatNext(first, names)
  const below = [...examples, ...(next ? [next] : [])].map(text => indented(text, '  '))
  return [`${named(names)}: ${first.state}${way}${said}`, ...below].join('\n')
}
