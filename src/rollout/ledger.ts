import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Budget } from './course.ts'

/** What became of the hosts of a rollout, stage by stage, and what of its budget that has spent. */
export class Ledger {
  readonly #budget: Budget
  readonly #persisted: Map<string, number> = new Map()
  readonly #spoiled: Set<string> = new Set()
  #failures = 0
  #skipped = 0
  #stage = 0
  #stageFailures = 0
  /** Failures that somebody has accepted. */
  #forgiven = { failures: 0, stageFailures: 0, skipped: 0 }

  constructor(budget: Budget) {
    this.#budget = budget
    for (const state of budget.before) this.#spend(state)
  }

  openStage(stage: number): void {
    this.#stage = stage
    this.#stageFailures = 0
    this.#forgiven.stageFailures = 0
  }

  enter(host: string, state: HostState, stage: number): void {
    if (state === 'persisted') this.#persisted.set(host, stage)
    this.#spend(state)
  }

  /** Hosts that persisted and don't pass their check: they can still be taken back. Later checks find them again. */
  spoil(hosts: readonly string[]): void {
    for (const host of hosts) {
      if (this.#spoiled.has(host)) continue
      this.#spoiled.add(host)
      this.#failures += 1
      this.#stageFailures += 1
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

  #spend(state: HostState): void {
    if (state === 'unchanged' || state === 'persisted') return
    if (state === 'unreachable' && this.#budget.skipped !== undefined) {
      this.#skipped += 1
      return
    }
    this.#failures += 1
    this.#stageFailures += 1
  }
}

const over = (code: string, failed: number, borne: number, stage?: number): Finding => ({
  code,
  severity: 'error',
  args: { failed, borne, ...(stage === undefined ? {} : { stage: stage + 1 }) },
})
