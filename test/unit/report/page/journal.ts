import type { ChangedLine, Event } from '../../../../src/model/event.ts'
import type { Finding } from '../../../../src/model/finding.ts'
import type { HostState } from '../../../../src/model/host-state.ts'
import type { RunSummary } from '../../../../src/model/run.ts'
import type { Moment } from '../../../../src/report/page/story.ts'

/** Time of a run that never was, in milliseconds since it began. */
class Book {
  readonly moments: Moment[] = []
  readonly #begin = Date.UTC(2026, 0, 31, 22, 30)

  at(time: number, ...events: readonly Event[]): void {
    for (const event of events) this.moments.push({ at: new Date(this.#begin + time).toISOString(), event })
  }
}

const DIFF: readonly ChangedLine[] = [
  { family: 4, table: 'filter', chain: 'INPUT', kind: ' ', text: ':INPUT DROP' },
  { family: 4, table: 'filter', chain: 'INPUT', kind: ' ', text: '-A INPUT -i lo -j ACCEPT', hidden: 4 },
  {
    family: 4,
    table: 'filter',
    chain: 'INPUT',
    kind: '+',
    text: '-A INPUT -p tcp -m tcp --dport 443 -m comment --comment "https for <all> & more" -j ACCEPT',
    at: { file: 'templates/web.hbs', line: 12 },
  },
  {
    family: 4,
    table: 'filter',
    chain: 'INPUT',
    kind: '-',
    text: '-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT',
  },
  {
    family: 6,
    table: 'filter',
    chain: 'INPUT',
    kind: '+',
    text: '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT',
  },
]

const why = (code: string, args: Finding['args'] = {}): Finding => ({ code, severity: 'error', args })

export interface Made {
  readonly hosts?: number
  /** Of the last stage, and why. */
  readonly bad?: number
  readonly night?: boolean
  readonly name?: (at: number) => string
}

/**
 * A rollout in three stages over so many hosts: with gates, a pause, two kinds of changes, hosts that fail, and some that
 * nobody could look at.
 */
export function makeJournal({ hosts = 48, bad = 3, night = false, name = at => `web${at}` }: Made = {}) {
  const book = new Book()
  const names = Array.from({ length: hosts }, (_, at) => name(at + 1))
  const [away, same, changing] = [names.slice(0, 2), names.slice(2, 6), names.slice(6)]
  const stages = [
    changing.slice(0, 1),
    changing.slice(1, Math.ceil(hosts / 5)),
    changing.slice(Math.ceil(hosts / 5)),
  ]
  const run = '20260131-223000-ab12'
  const begun = {
    run,
    who: 'me@controller',
    command: 'apply --stages 1,20%,100%',
    inventory: ['/srv/hosts.ini'],
  }
  book.at(
    0,
    { type: 'run-started', hosts, ...begun },
    { type: 'phase-started', phase: 'observe', hosts: names },
  )
  for (const [at, host] of names.entries()) book.at(at, { type: 'host-step', host, step: 'observing' })
  for (const [at, host] of names.entries()) book.at(hosts + 300 + at, ...looked(host, away, same))
  const kinds = [changing.slice(0, -3), changing.slice(-3)]
  book.at(
    2 * hosts + 400,
    ...kinds.map((of, at): Event => ({ type: 'change-planned', hosts: of, diff: DIFF.slice(at * 2) })),
  )
  book.at(2 * hosts + 400, { type: 'rollout-planned', run, stages })
  let now = 2 * hosts + 450
  const failing = new Set(bad > 0 ? stages[2]?.slice(-bad) : [])
  for (const [at, stage] of stages.entries()) {
    book.at(now, { type: 'phase-started', phase: 'apply', hosts: stage, stage: at + 1, stages: 3 })
    now = applyStage(book, now, stage, failing)
    book.at(now, { type: 'rollout-waiting', run, what: 'soak', until: '', seconds: 2 })
    now += 1200
    book.at(now, { type: 'phase-started', phase: 'check', hosts: stage })
    for (const host of stage) book.at(now + 200, { type: 'host-checked', host })
    now += 400
    if (at > 0) continue
    book.at(now, { type: 'rollout-paused', run, why: why('wants-promotion', { stage: 1 }) })
    now += night ? 9 * 3_600_000 : 2500
    book.at(now, { type: 'rollout-promoted', run })
  }
  const states: Partial<Record<HostState, number>> = {
    unchanged: same.length,
    persisted: changing.length - failing.size,
    unreachable: away.length,
    ...(bad > 0 ? { reverted: bad } : {}),
  }
  const ended = bad > 0 ? why('budget-spent', { failed: bad, borne: 0 }) : undefined
  if (ended) book.at(now, { type: 'rollout-stopped', run, why: ended })
  book.at(now, { type: 'run-ended', run, states })
  const [first] = book.moments
  const summary: RunSummary = {
    ...begun,
    since: first?.at ?? '',
    took: now,
    is: 'ended',
    ...(ended ? { why: ended } : {}),
    hosts,
    states,
  }
  return { summary, recorded: book.moments }
}

function looked(host: string, away: readonly string[], same: readonly string[]): readonly Event[] {
  if (away.includes(host)) {
    const args = { host, address: '192.0.2.7', port: 22, reason: 'connect ETIMEDOUT' }
    return [{ type: 'host-settled', host, state: 'unreachable', finding: why('connect-failed', args) }]
  }
  const isSame = same.includes(host)
  const planned: Event = { type: 'host-planned', host, verdict: isSame ? 'unchanged' : 'change' }
  return isSame ? [planned, { type: 'host-settled', host, state: 'unchanged' }] : [planned]
}

/** As a pool of fifty does it: the next one starts when one is done. Answers when the last one is. */
function applyStage(
  book: Book,
  begin: number,
  stage: readonly string[],
  failing: ReadonlySet<string>,
): number {
  const busy = Array.from({ length: 50 }, () => begin)
  const moments: [number, Event][] = []
  let end = begin
  for (const [at, host] of stage.entries()) {
    const from = busy[at % 50] ?? begin
    const isBad = failing.has(host)
    const to = from + 900 + ((at * 137) % 700) + (isBad ? 4000 : 0)
    busy[at % 50] = to
    end = Math.max(end, to)
    moments.push([from, { type: 'host-step', host, step: 'arming' }])
    const gate = { type: 'host-gate', host, gate: 'http https://{{host.address}}/ from probe1' } as const
    moments.push([from, { ...gate, when: 'before', is: 'pass', detail: '' }])
    moments.push([
      to - 100,
      { ...gate, when: 'applied', is: isBad ? 'fail' : 'pass', detail: isBad ? '503' : '' },
    ])
    const args = { gate: gate.gate, host, detail: '503' }
    const outcome = isBad
      ? { state: 'reverted' as const, finding: why('gate-fail', args) }
      : { state: 'persisted' as const, generation: 7 }
    moments.push([to, { type: 'host-settled', host, ...outcome }])
  }
  for (const [at, event] of moments.sort(([a], [b]) => a - b)) book.at(at, event)
  return end
}
