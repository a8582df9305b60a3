import type { Saved } from '../host/saved.ts'
import type { HostStatus, StatusGeneration, Transaction } from '../host/status.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import { type Paint, painter, type Tone } from './paint.ts'
import { say } from './say.ts'
import { groupBy, hosts, indented, minute, plain } from './words.ts'

/** What one host said, or why it said nothing. */
export type Asked =
  | {
      readonly host: string
      readonly status: HostStatus
      /** What it lacks of the ledger. */
      readonly behind?: Finding
    }
  | { readonly host: string; readonly state: HostState; readonly finding: Finding }

export type Condition = 'settled' | 'pending' | 'unreadable' | 'in danger'

const CODES: Readonly<Record<Condition, 0 | 2 | 3 | 4>> = {
  settled: 0,
  pending: 2,
  unreadable: 3,
  'in danger': 4,
}

/** What a look at all hosts ends with: the worst of them. */
export function exitCodeOfStatus(asked: readonly Asked[]): 0 | 2 | 3 | 4 {
  return asked.reduce<0 | 2 | 3 | 4>((worst, one) => {
    const code = CODES[conditionOf(one)]
    return code > worst ? code : worst
  }, 0)
}

/**
 * `in danger`: what is in force is not what a boot would load, and nothing on the host is going to mend it. `pending`:
 * a change is under way, `fleet apply` has something to put right,
 * or a lockdown is to be released some time.
 */
export function conditionOf(asked: Asked): Condition {
  if (!('status' in asked)) return 'unreadable'
  const { generation, unstored, last } = asked.status
  const guard = atWork(asked.status)
  if (unstored || last?.state === 'CONFIRMED' || last?.saved === 'boots') return 'in danger'
  if (guard && (isStranded(guard) || NOT_SAFE.has(guard.state))) return 'in danger'
  if (generation && !generation.whole) return 'in danger'
  if (guard) return 'pending'
  if (generation?.lockdown !== undefined || generation?.newer !== undefined || asked.behind) return 'pending'
  return generation && missing(generation).length > 0 ? 'pending' : 'settled'
}

type Guard = NonNullable<HostStatus['guard']>

const DONE: ReadonlySet<string> = new Set(['DISARMED', 'ROLLED_BACK', 'PERSISTED'])
const NOT_SAFE: ReadonlySet<string> = new Set(['STUCK', 'CONFIRMED'])

/** One that has decided lets go of the host in a moment. */
const atWork = ({ guard }: HostStatus): Guard | undefined =>
  guard && DONE.has(guard.state) ? undefined : guard

/** Nobody is there who would take it back, or bring it to its end. */
const isStranded = (guard: Guard) => !guard.alive

/** As lines for an operator, equal hosts folded; those that need somebody come last. */
export function printStatus(asked: readonly Asked[], { color = false } = {}): string {
  const paint = painter(color)
  const sorted = asked.toSorted((a, b) => CODES[conditionOf(a)] - CODES[conditionOf(b)])
  const folded = [...groupBy(sorted, one => JSON.stringify(sameness(one))).values()]
  return folded.map(all => `${block(all, paint)}\n`).join('')
}

/** Moments differ from host to host; what they are moments of is the same. */
function sameness(asked: Asked): unknown {
  if (!('status' in asked)) return [asked.state, asked.finding]
  const { generation, last, unstored, isTouched, blocks } = asked.status
  const guard = atWork(asked.status)
  const same = (one: Transaction | undefined) =>
    one && [one.run, one.who, one.state, one.why, one.saved, one.isRemoval]
  return [
    isTouched,
    blocks,
    asked.behind,
    generation && { ...generation, made: '', nonce: '' },
    same(guard),
    guard?.alive,
    same(unstored),
    guard && guard.nonce === last?.nonce ? 'the same' : same(last),
  ]
}

const TONES: Readonly<Record<Condition, Tone>> = {
  settled: 'none',
  pending: 'yellow',
  unreadable: 'red',
  'in danger': 'red',
}

function block(all: readonly Asked[], paint: Paint): string {
  const [first] = all
  if (!first) return ''
  const names = all.map(({ host }) => host).join(', ') + (all.length > 1 ? ` (${hosts(all.length)})` : '')
  if (!('status' in first)) return paint('red', `${names}: ${first.state}: ${say(first.finding)}`)
  const lines = statusLines(
    first.status,
    all.flatMap(one => ('status' in one ? [one.status] : [])),
  ).concat(first.behind ? [say(first.behind)] : [])
  const [head = '', ...rest] = lines
  const text = [`${names}: ${head}`, ...rest.map(line => indented(line, '  '))].join('\n')
  return paint(TONES[conditionOf(first)], plain(text))
}

function statusLines(status: HostStatus, all: readonly HostStatus[]): string[] {
  const { generation, last, unstored } = status
  const guard = atWork(status)
  return [
    generation ? sayGeneration(generation) : sayNone(status),
    ...(generation?.lockdown === undefined ? [] : [sayLockdown(generation.lockdown)]),
    ...(generation?.newer === undefined ? [] : [sayNewer(generation.newer)]),
    ...(generation ? sayTrouble(generation) : []),
    ...(guard ? [sayGuard(guard, shortest(all))] : []),
    ...(unstored ? [sayUnstored(unstored)] : []),
    ...(last && last.nonce !== guard?.nonce && last.nonce !== unstored?.nonce
      ? [`last change since the boot: ${sayLast(last)}`]
      : []),
  ]
}

function sayNone({ isTouched, blocks }: HostStatus): string {
  if (isTouched) return 'no generation of fleet; files of a change are there'
  return blocks ? 'no rules of fleet; what it blocks: `fleet blocks`' : 'nothing of fleet is there'
}

const sayGeneration = ({ number, who, made, run }: StatusGeneration) =>
  `generation ${number}${made === '' ? '' : `, made ${minute(made)} by ${who} (run ${run})`}`

function sayLockdown(before: number): string {
  const what = before === 0 ? 'what stood before fleet' : `generation ${before}`
  return `in lockdown: only SSH reaches it. \`fleet lockdown --release\` goes back to ${what}`
}

const sayNewer = (newer: number) =>
  `generation ${newer} was confirmed after it, and does not boot: it was damaged at a boot, or somebody chose this one by hand. \`fleet apply\` makes a new one`

function sayTrouble(generation: StatusGeneration): string[] {
  if (!generation.whole)
    return [
      'its files are damaged: a boot would load something else, and complain. `fleet apply` makes a new one',
    ]
  const lacks = missing(generation)
  return lacks.length === 0 ? [] : [`a boot would not load it: ${lacks.join('; ')}. \`fleet apply\` mends it`]
}

function missing({ linked, plugins, enabled }: StatusGeneration): string[] {
  return [
    ...(linked ? [] : ['/etc/iptables/rules.v4 and rules.v6 are not its links']),
    ...(plugins ? [] : ["fleet's plugins are not installed"]),
    ...(enabled ? [] : ['netfilter-persistent is not enabled']),
  ]
}

/** Milliseconds, of the hosts of a block: whoever waits, waits for the first. */
function shortest(all: readonly HostStatus[]): number | undefined {
  const left = all.flatMap(({ guard }) => guard?.left ?? [])
  return left.length === 0 ? undefined : Math.min(...left)
}

const seconds = (milliseconds: number) => `${Math.max(0, Math.ceil(milliseconds / 1000))} s`

const NOW: Readonly<Record<string, string>> = {
  ARMED: 'armed, and nothing is changed yet',
  APPLYING: 'applying',
  APPLIED: 'applied and not confirmed',
  ROLLING_BACK: 'rolling back',
  STUCK: 'stuck: its rollback fails, and is tried again every 2 seconds',
  CONFIRMED: 'confirmed, and not on disk yet',
}

const THEN: Readonly<Record<string, string>> = {
  ARMED: 'disarms',
  APPLYING: 'rolls back',
  APPLIED: 'rolls back',
}

function sayGuard(guard: Guard, left: number | undefined): string {
  const what = NOW[guard.state] ?? (guard.state || 'in a state that cannot be read')
  const then = THEN[guard.state]
  const timed =
    then === undefined || left === undefined ? '' : `; ${then} in ${seconds(left)} unless it goes on`
  const outlook = isStranded(guard)
    ? `; its guard is gone: \`fleet resume\` or the next apply finishes it`
    : timed
  return `${nameOf(guard)} ${what}${outlook} (${origin(guard)})`
}

const sayUnstored = (unstored: Transaction) =>
  `${nameOf(unstored)} confirmed, and not on disk: a boot loads older rules, unless the one above is confirmed (${origin(unstored)})`

const nameOf = ({ isRemoval }: Transaction) => (isRemoval ? 'removal' : 'change')

const origin = ({ run, who, since }: Transaction) => `run ${run} of ${who}, since ${minute(since)}`

const ENDED: Readonly<Record<string, string>> = {
  PERSISTED: 'persisted',
  ROLLED_BACK: 'rolled back',
  DISARMED: 'never began',
}

const SAVED: Readonly<Record<Saved, string>> = {
  aside: 'what somebody saved meanwhile lies in /etc/iptables as rules.v4.unconfirmed, rules.v6.unconfirmed',
  boots:
    'a boot loads what somebody saved meanwhile, which nobody confirmed. `fleet apply` stores a new generation',
}

function sayLast(last: Transaction): string {
  const how = ENDED[last.state] ?? last.state.toLowerCase()
  const what = `${how}${last.why === '' ? '' : ` (${last.why})`}, ${origin(last)}`
  return last.saved ? `${what}; ${SAVED[last.saved]}` : what
}
