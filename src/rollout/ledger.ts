import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Budget, Past } from './course.ts'

/** What became of the hosts of a rollout, stage by stage, and what of its budget that has spent. */
export class Ledger {
  readonly #budget: Budget
  readonly #persisted: Map<string, number> = new Map()
  readonly #spoiled: Set<string> = new Set()
  readonly #failuresOf: Map<number, number> = new Map()
  #failures = 0
  #skipped = 0
  #stage = 0
  /** Failures that somebody has accepted. */
  #forgiven = { failures: 0, stageFailures: 0, skipped: 0 }

  constructor(budget: Budget, past: Past['hosts'] = []) {
    this.#budget = budget
    for (const state of budget.before) this.#spend(state)
    for (const one of past) this.#recall(one)
  }

  openStage(stage: number): void {
    this.#stage = stage
    this.#forgiven.stageFailures = 0
  }

  enter(host: string, state: HostState, stage: number): void {
    if (state === 'persisted') this.#persisted.set(host, stage)
    this.#spend(state, stage)
  }

  /** Hosts that persisted and don't pass their check: they can still be taken back. Later checks find them again. */
  spoil(hosts: readonly string[]): void {
    for (const host of hosts) {
      if (this.#spoiled.has(host)) continue
      this.#spoiled.add(host)
      this.#fail(this.#stage)
    }
  }

  forgive(): void {
    this.#forgiven = {
      failures: this.#failures,
      stageFailures: this.#stageFailures,
      skipped: this.#skipped,
    }
  }

  /** Hosts of a stage that stand on their new rules. */
  persisted(stage: number): readonly string[] {
    return [...this.#persisted].flatMap(([host, of]) => (of === stage ? [host] : []))
  }

  persistedBefore(stage: number): readonly string[] {
    return [...this.#persisted].flatMap(([host, of]) => (of < stage ? [host] : []))
  }

  goingBack(how: 'revert-stage' | 'revert-all', stage: number): readonly string[] {
    return how === 'revert-stage' ? this.persisted(stage) : this.persistedBefore(stage + 1)
  }

  /** Why it fails, if more was spent than the budget bears. */
  overspent(): Finding | undefined {
    const { failures, stageFailures, skipped } = this.#budget
    const { failures: forgiven, stageFailures: forgivenHere, skipped: passed } = this.#forgiven
    const inStage = stageFailures[this.#stage] ?? Number.POSITIVE_INFINITY
    if (this.#failures - forgiven > failures) return over('budget-spent', this.#failures, failures)
    if (this.#stageFailures - forgivenHere > inStage)
      return over('stage-budget-spent', this.#stageFailures, inStage, this.#stage)
    if (skipped !== undefined && this.#skipped - passed > skipped)
      return over('too-many-skipped', this.#skipped, skipped)
    return undefined
  }

  get #stageFailures(): number {
    return this.#failuresOf.get(this.#stage) ?? 0
  }

  #recall({ host, state, stage, isSpoiled, isAccepted }: Past['hosts'][number]): void {
    if (state === 'persisted') this.#persisted.set(host, stage ?? 0)
    if (isSpoiled) this.#spoiled.add(host)
    if (isAccepted) return
    this.#spend(state, stage)
    if (isSpoiled) this.#fail(stage)
  }

  #spend(state: HostState, stage?: number): void {
    if (state === 'unchanged' || state === 'persisted') return
    if (state === 'unreachable' && this.#budget.skipped !== undefined) {
      this.#skipped += 1
      return
    }
    this.#fail(stage)
  }

  #fail(stage?: number): void {
    this.#failures += 1
    if (stage !== undefined) this.#failuresOf.set(stage, (this.#failuresOf.get(stage) ?? 0) + 1)
  }
}

const over = (code: string, failed: number, borne: number, stage?: number): Finding => ({
  code,
  severity: 'error',
  args: { failed, borne, ...(stage === undefined ? {} : { stage: stage + 1 }) },
})
