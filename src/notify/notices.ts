import type { Event, Outcome } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { HookEvent, Notice, Said } from '../model/notice.ts'

/** What is the same in all notices of a run. */
export type About = Pick<Notice, 'run' | 'who' | 'command' | 'inventory'>

export interface NoticeTools {
  readonly wall: () => number
  /** The sentence of a finding. */
  readonly say: (finding: Finding) => string
}

type Failing = Notice['failing'][number]

/** Of ten thousand hosts that fail nobody reads more, and each notice has them all. */
const MOST_NAMED = 100

/** What there is to tell of a run, from its events. */
export class Notices {
  readonly #about: About
  readonly #tools: NoticeTools
  readonly #states = new Map<string, HostState>()
  readonly #counts = new Map<HostState, number>()
  readonly #failing = new Map<string, Failing>()
  #latest: Failing | undefined
  #stage: Notice['stage']
  #why: Finding | undefined
  #isOpen = false

  constructor(about: About, tools: NoticeTools) {
    this.#about = about
    this.#tools = tools
  }

  /** A run that was told of, and has no end yet. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The notices that an event is worth. Before there is a plan that was agreed to, none is. */
  hear(event: Event): readonly Notice[] {
    const hasFailed = this.#learn(event)
    if (!this.#isOpen) return this.#begin(event)
    if (event.type === 'phase-started' && event.stages && event.stages > 1) return [this.#make('stage')]
    if (event.type === 'rollout-paused') return [this.#make('pause', this.#said(event.why))]
    if (event.type === 'taking-back') return [this.#make('failure', this.#said(event.why))]
    if (event.type === 'run-ended') return [this.end(this.#why, event.states)]
    return hasFailed ? [this.#make('failure', this.#latest?.finding)] : []
  }

  end(why?: Finding, states: Notice['states'] = Object.fromEntries(this.#counts)): Notice {
    this.#isOpen = false
    return { ...this.#make('end', why && this.#said(why)), states }
  }

  #begin({ type }: Event): readonly Notice[] {
    if (type !== 'rollout-planned' && type !== 'run-resumed') return []
    this.#isOpen = true
    const failures = this.#latest ? [this.#make('failure', this.#latest.finding)] : []
    return [this.#make('start'), ...failures]
  }

  /** Whether a host failed. */
  #learn(event: Event): boolean {
    if (event.type === 'phase-started') this.#stage = stageOf(event) ?? this.#stage
    if (event.type === 'rollout-stopped') this.#why = event.why
    if (event.type === 'host-settled') return this.#know(event)
    if (event.type !== 'host-checked' || !event.finding) return false
    const state = this.#states.get(event.host) ?? 'persisted'
    return this.#know({ host: event.host, state, finding: event.finding })
  }

  #know({ host, state, finding }: Outcome): boolean {
    const before = this.#states.get(host)
    if (before) this.#counts.set(before, (this.#counts.get(before) ?? 0) - 1)
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1)
    this.#states.set(host, state)
    this.#failing.delete(host)
    if (!hasFailed(state, finding)) return false
    this.#latest = { host, state, ...(finding ? { finding: this.#said(finding) } : {}) }
    this.#failing.set(host, this.#latest)
    return true
  }

  #make(event: HookEvent, why?: Said): Notice {
    return {
      event,
      ...this.#about,
      at: new Date(this.#tools.wall()).toISOString(),
      ...(this.#stage ? { stage: this.#stage } : {}),
      states: Object.fromEntries([...this.#counts].filter(([, count]) => count > 0)),
      failed: this.#failing.size,
      failing: this.#named(),
      ...(why ? { why } : {}),
    }
  }

  #named(): readonly Failing[] {
    const named: Failing[] = []
    for (const one of this.#failing.values()) {
      if (named.length === MOST_NAMED) break
      named.push(one)
    }
    return named
  }

  #said(finding: Finding): Said {
    return { ...finding, message: this.#tools.say(finding) }
  }
}

function stageOf({ stage, stages, hosts }: Extract<Event, { type: 'phase-started' }>): Notice['stage'] {
  return stage && stages ? { number: stage, of: stages, hosts: hosts.length } : undefined
}

/** One whose turn never came has not failed. */
function hasFailed(state: HostState, finding: Finding | undefined): boolean {
  if (state === 'not started') return false
  return (state !== 'unchanged' && state !== 'persisted') || finding?.severity === 'error'
}
