import type { Event, Outcome, Phase, Step } from '../model/event.ts'
import { HOST_STATES, type HostState } from '../model/host-state.ts'

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
  #failed = false

  constructor(phase: Phase, hosts: readonly string[], { stage = 1, stages = 1 } = {}) {
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
    } else if (event.type === 'host-settled') this.#settle(event)
    else if (event.type === 'host-planned' && this.phase === 'observe') {
      this.#end(event.host, PLANNED[event.verdict])
    } else if (event.type === 'host-checked' && this.phase === 'check') {
      this.#end(event.host, event.finding ? 'not in order' : 'in order')
      if (event.finding) this.#failed = true
    }
  }

  #settle({ host, state }: Outcome): void {
    if (this.#end(host, state) && !isGood(state)) this.#failed = true
  }

  #end(host: string, as: string): boolean {
    this.#flying.delete(host)
    if (!this.#open.delete(host)) return false
    this.#ends.set(as, (this.#ends.get(as) ?? 0) + 1)
    return true
  }

  /** `applying: 12/50, 11 persisted, 1 reverted, slowest: web7 arming (12 s)`. */
  progress(now: number): string {
    const parts = [`${this.hosts - this.#open.size}/${this.hosts}`, ...this.#counts()]
    for (const [host, { step, since }] of this.#flying) {
      parts.push(`slowest: ${host} ${step} (${Math.floor((now - since) / 1000)} s)`)
      break
    }
    return `${this.#title(DOING)}: ${parts.join(', ')}`
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
