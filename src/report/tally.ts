import type { Event, Outcome, Phase, Step } from '../model/event.ts'
import { HOST_STATES, type HostState } from '../model/host-state.ts'
import { cut, span } from './words.ts'

export const isGood = (state: HostState): boolean => state === 'unchanged' || state === 'persisted'

const DOING: Readonly<Record<Phase, string>> = {
  observe: 'observing',
  apply: 'applying',
  check: 'checking',
  'take back': 'taking back',
}
const DONE: Readonly<Record<Phase, string>> = {
  observe: 'observed',
  apply: 'applied',
  check: 'checked',
  'take back': 'taken back',
}
const PLANNED = { change: 'to change', unchanged: 'unchanged', refused: 'refused' } as const
const ORDER: readonly string[] = [
  'to change',
  'in order',
  'not in order',
  'persisted',
  ...HOST_STATES.filter(state => state !== 'persisted'),
]

/** Milliseconds over which the rate is taken: a run grows slower where its last hosts are slow. */
const WINDOW = 60_000
/** Below it a rate is chance. */
const SOONEST = 2000
const FEWEST_HOSTS = 10
const LEAST_LEFT = 1000
const SLOWEST_SHOWN = 3
const BAR = 20
const SHORTEST_BAR = 5

/** How far a phase has come: its hosts in flight, and what became of the others. */
export class Tally {
  readonly phase: Phase
  readonly hosts: number
  /** `stage 2 of 3`; '' where all hosts are one. */
  readonly stage: string
  readonly #open: Set<string>
  /** In the order in which they began: the first is the slowest. Monotonic milliseconds. */
  readonly #flying = new Map<string, { step: Step; since: number }>()
  readonly #ends = new Map<string, number>()
  /** When hosts came to their ends, in their order; those before `#recent` are too old to count. */
  readonly #endTimes: number[] = []
  #recent = 0
  readonly #since: number
  #failed = false

  constructor(phase: Phase, hosts: readonly string[], { stage = 1, stages = 1, since = 0 } = {}) {
    this.#since = since
    this.phase = phase
    this.stage = stages > 1 ? `stage ${stage} of ${stages}` : ''
    this.hosts = hosts.length
    this.#open = new Set(hosts)
  }

  get isOver(): boolean {
    return this.#open.size === 0
  }

  get hasFailed(): boolean {
    return this.#failed
  }

  add(event: Event, now: number): void {
    if (event.type === 'host-step' && this.#open.has(event.host)) {
      const since = this.#flying.get(event.host)?.since ?? now
      this.#flying.set(event.host, { step: event.step, since })
    } else if (event.type === 'host-settled') this.#settle(event, now)
    else if (event.type === 'host-planned' && this.phase === 'observe') {
      this.#end(event.host, PLANNED[event.verdict], now)
    } else if (event.type === 'host-checked' && this.phase === 'check') {
      this.#end(event.host, event.finding ? 'not in order' : 'in order', now)
      if (event.finding) this.#failed = true
    }
  }

  #settle({ host, state }: Outcome, now: number): void {
    if (this.#end(host, state, now) && !isGood(state)) this.#failed = true
  }

  #end(host: string, as: string, now: number): boolean {
    this.#flying.delete(host)
    if (!this.#open.delete(host)) return false
    this.#endTimes.push(now)
    this.#ends.set(as, (this.#ends.get(as) ?? 0) + 1)
    return true
  }

  /** `applying: [=====     ] 12/50, 11 persisted, 1 reverted, 240/min, 10 s left`; the bar is as long as there is room. */
  progress(now: number, columns = Number.POSITIVE_INFINITY): string {
    const title = `${this.#title(DOING)}: `
    const done = this.hosts - this.#open.size
    const parts = [`${done}/${this.hosts}`, ...this.#counts(), ...this.#pace(now)].join(', ')
    const room = columns - title.length - parts.length - '[] '.length
    const long = Math.max(0, Math.min(BAR, room))
    const bar = `[${'='.repeat(Math.floor((done / this.hosts) * long)).padEnd(long)}] `
    return cut(`${title}${long < SHORTEST_BAR ? '' : bar}${parts}`, columns)
  }

  /** Those that have been at it for longest: `slowest: web7 arming (12 s), web9 applied (8 s)`; '' where nobody is. */
  slowest(now: number): string {
    const shown = [...take(this.#flying, SLOWEST_SHOWN)].map(
      ([host, { step, since }]) => `${host} ${step} (${Math.floor((now - since) / 1000)} s)`,
    )
    return shown.length > 0 ? `slowest: ${shown.join(', ')}` : ''
  }

  #pace(now: number): string[] {
    const elapsed = Math.min(WINDOW, now - this.#since)
    while ((this.#endTimes[this.#recent] ?? now) < now - WINDOW) this.#recent += 1
    const ended = this.#endTimes.length - this.#recent
    if (this.hosts < FEWEST_HOSTS || elapsed < SOONEST || ended === 0) return []
    const rate = (ended / elapsed) * 60_000
    const left = (this.#open.size / rate) * 60_000
    const pace = `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/min`
    // The last ones are the slow ones: of them the rate says nothing.
    return left < LEAST_LEFT ? [pace] : [pace, `${span(left)} left`]
  }

  /** `applied: 49 persisted, 1 reverted`; says of hosts without an end that they have none. */
  result(): string {
    const open = this.#open.size === 0 ? [] : [`${this.#open.size} unfinished`]
    return `${this.#title(DONE)}: ${[...this.#counts(), ...open].join(', ')}`
  }

  #title(words: Readonly<Record<Phase, string>>): string {
    return [words[this.phase], ...(this.stage ? [this.stage] : [])].join(' ')
  }

  #counts(): string[] {
    return ORDER.filter(as => this.#ends.has(as)).map(as => `${this.#ends.get(as)} ${as}`)
  }
}

function* take<T>(items: Iterable<T>, most: number): Iterable<T> {
  let taken = 0
  for (const item of items) {
    if (taken === most) return
    yield item
    taken += 1
  }
}
