import type { Emit, Outcome } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'

const AT_ONCE = 500

/**
 * What became of each host. That is told, and the next host need not wait until it is on the disk: a journal keeps the
 * order of what it is told, so whatever waits for it later (the next arming, the end of the run) finds it there.
 */
export class Ends {
  readonly done = new Map<string, Outcome>()
  readonly #emit: Emit
  readonly #untold = new Set<Promise<void>>()

  constructor(emit: Emit) {
    this.#emit = emit
  }

  enter(outcome: Outcome): HostState {
    this.done.set(outcome.host, outcome)
    const telling = this.#tell(outcome)
    this.#untold.add(telling)
    // It is thrown where somebody waits.
    telling.then(
      () => this.#untold.delete(telling),
      () => undefined,
    )
    return outcome.state
  }

  /** Of hosts by the thousand, some at a time: the screen and signals get their turns. */
  async enterAll(outcomes: readonly Outcome[]): Promise<void> {
    for (let at = 0; at < outcomes.length; at += AT_ONCE) {
      for (const outcome of outcomes.slice(at, at + AT_ONCE)) this.enter(outcome)
      await this.told()
    }
  }

  async #tell(outcome: Outcome): Promise<void> {
    await this.#emit({ type: 'host-settled', ...outcome })
  }

  /** Resolves when all of them are told. */
  async told(): Promise<void> {
    await Promise.all(this.#untold)
  }
}
