import type { Event, Outcome } from '../../model/event.ts'
import type { Finding } from '../../model/finding.ts'

/** An event, and when it happened in ISO 8601: a line of a journal. */
export interface Moment {
  readonly at: string
  readonly event: Event
}

/** A host as a page shows it. Times are milliseconds since the epoch. */
export interface HostStory {
  readonly host: string
  readonly looked?: Span
  /** From its first step in a change to its end. */
  readonly worked?: Span
  readonly stage?: number
  readonly outcome?: Outcome
}

export interface Span {
  readonly from: number
  readonly to: number
}

/** Something that took its time, and was of the run as a whole. */
export interface Passage extends Span {
  readonly kind: 'stage' | 'window' | 'soak' | 'check' | 'pause' | 'take back'
  readonly hosts: readonly string[]
  /** Of a stage, counted from 1. */
  readonly stage?: number
  readonly why?: Finding
}

export interface Story extends Span {
  readonly moments: readonly number[]
  /** In the order in which they were first named. */
  readonly hosts: readonly HostStory[]
  readonly passages: readonly Passage[]
}

interface Told {
  host: string
  looked?: Span
  worked?: Span
  stage?: number
  outcome?: Outcome
}

/** What a page tells of a run, from its journal. */
export function storyOf(recorded: readonly Moment[]): Story {
  const teller = new Teller()
  for (const { at, event } of recorded) teller.hear(Date.parse(at), event)
  // A clock may have been set back.
  const moments = recorded.map(({ at }) => Date.parse(at)).sort((a, b) => a - b)
  const from = moments[0] ?? 0
  const to = moments.at(-1) ?? from
  return { from, to, moments, hosts: [...teller.hosts.values()], passages: teller.end(to) }
}

class Teller {
  readonly hosts = new Map<string, Told>()
  readonly #passages: Passage[] = []
  #open: Omit<Passage, 'to'> | undefined

  hear(now: number, event: Event): void {
    if (event.type === 'phase-started') this.#begin(now, event)
    else if (event.type === 'rollout-waiting') this.#turn(now, { kind: event.what, from: now, hosts: [] })
    else if (event.type === 'rollout-paused')
      this.#turn(now, { kind: 'pause', from: now, hosts: [], why: event.why })
    else if (event.type === 'rollout-promoted' || event.type === 'run-ended') this.#turn(now)
    else if ('host' in event) this.#hearOfHost(now, event)
  }

  end(to: number): readonly Passage[] {
    this.#turn(to)
    return this.#passages
  }

  #begin(now: number, { phase, hosts, stage }: Extract<Event, { type: 'phase-started' }>): void {
    for (const host of hosts) this.#know(host)
    if (phase === 'observe') this.#turn(now)
    else if (hosts.length > 0) {
      const kind = phase === 'apply' ? 'stage' : phase
      this.#turn(now, { kind, from: now, hosts, ...(stage ? { stage } : {}) })
    }
    if (phase === 'apply' && stage) for (const host of hosts) this.#know(host).stage = stage
  }

  /** One passage ends, and another may begin. */
  #turn(now: number, next?: Omit<Passage, 'to'>): void {
    if (this.#open) this.#passages.push({ ...this.#open, to: now })
    this.#open = next
  }

  #hearOfHost(now: number, event: Extract<Event, { host: string }>): void {
    if (event.type === 'host-gate' && event.host === '') return
    const known = this.#know(event.host)
    if (event.type === 'host-step') {
      // A look that belongs to a check is no work of the host's.
      if (this.#open?.kind === 'check') return
      const kind = event.step === 'observing' && !this.#open ? 'looked' : 'worked'
      known[kind] = { from: known[kind]?.from ?? now, to: now }
    } else if (event.type === 'host-planned' && known.looked) known.looked = { ...known.looked, to: now }
    else if (event.type === 'host-settled') this.#settle(now, event, known)
    else if (event.type === 'host-checked' && event.finding) {
      known.outcome = { host: event.host, state: 'persisted', ...known.outcome, finding: event.finding }
    }
  }

  #settle(now: number, settled: Extract<Event, { type: 'host-settled' }>, known: Told): void {
    const { type: _, ...outcome } = settled
    known.outcome = outcome
    if (known.worked) known.worked = { ...known.worked, to: now }
    else if (known.looked && outcome.state === 'unreachable') known.looked = { ...known.looked, to: now }
  }

  #know(host: string): Told {
    const known = this.hosts.get(host) ?? { host }
    this.hosts.set(host, known)
    return known
  }
}
