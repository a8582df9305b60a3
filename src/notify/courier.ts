import type { Hook } from '../config/hooks.ts'
import type { Finding } from '../model/finding.ts'
import type { HookEvent, Notice } from '../model/notice.ts'
import { deliver } from './deliver.ts'

/** What need not be told any more once this is to be told: each notice has all that has failed so far. */
const STALE: Readonly<Partial<Record<HookEvent, readonly HookEvent[]>>> = {
  failure: ['failure'],
  end: ['stage', 'pause', 'failure'],
}

export type Write = (notice: Notice) => string

/** Tells one hook, one notice after the other; the run never waits for it. */
export class Courier {
  readonly #hook: Hook
  readonly #name: string
  readonly #write: Write
  readonly #over = new AbortController()
  #waiting: readonly Notice[] = []
  #work: Promise<void> | undefined
  #told = 0
  #failed = 0
  #why = ''

  constructor(hook: Hook, number: number, write: Write) {
    this.#hook = hook
    this.#name = nameOf(hook, number)
    this.#write = write
  }

  get isBusy(): boolean {
    return this.#work !== undefined
  }

  tell(notice: Notice): void {
    if (!this.#hook.on.includes(notice.event)) return
    const stale = STALE[notice.event] ?? []
    this.#waiting = [...this.#waiting.filter(({ event }) => !stale.includes(event)), notice]
    this.#work ??= this.#deliverAll()
  }

  /** What waits has the hook's time limit once more, all together. Resolves with what went wrong. */
  async close(): Promise<Finding | undefined> {
    const over = setTimeout(() => this.#over.abort(), this.#hook.timeout)
    await this.#work
    clearTimeout(over)
    if (this.#failed === 0) return undefined
    const args = { hook: this.#name, failed: this.#failed, told: this.#told, why: this.#why }
    return { code: 'hook-failed', severity: 'warning', args }
  }

  async #deliverAll(): Promise<void> {
    // Not in the turn of whoever tells.
    await new Promise(setImmediate)
    for (let next = this.#next(); next; next = this.#next()) {
      const why = await deliver(this.#hook, () => this.#write(next), this.#over.signal)
      this.#told += 1
      if (why === undefined) continue
      this.#failed += 1
      this.#why = why
    }
    this.#work = undefined
  }

  #next(): Notice | undefined {
    const [next, ...rest] = this.#waiting
    this.#waiting = rest
    return next
  }
}

/** A command's arguments and a URL's path are often secrets of theirs. */
function nameOf(hook: Hook, number: number): string {
  const what = 'url' in hook ? new URL(hook.url).origin : (hook.command.trim().split(/\s/)[0] ?? '')
  return `${number} (${what})`
}
