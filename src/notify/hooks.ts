import type { Hook } from '../config/hooks.ts'
import type { Event } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { Notice } from '../model/notice.ts'
import { Courier, type Write } from './courier.ts'
import { type About, Notices, type NoticeTools } from './notices.ts'

export interface HookTools extends NoticeTools {
  /** The notice as one sentence, for chats. */
  readonly sayNotice: (notice: Notice) => string
}

/** Those who are told of a run. Nothing here rejects, and nobody waits for anything but the end of `close`. */
export class Hooks {
  readonly #couriers: readonly Courier[]
  readonly #notices: Notices
  #isOff = false
  #bug: Finding | undefined

  constructor(hooks: readonly Hook[], about: About, tools: HookTools) {
    const write: Write = notice => JSON.stringify({ text: tools.sayNotice(notice), ...notice })
    this.#couriers = hooks.map((hook, at) => new Courier(hook, at + 1, write))
    this.#notices = new Notices(about, tools)
  }

  hear(event: Event): void {
    if (this.#isOff) return
    try {
      for (const notice of this.#notices.hear(event)) this.#tell(notice)
    } catch (error) {
      this.#bug = { code: 'hooks-broke', severity: 'warning', args: { reason: String(error) } }
      this.#isOff = true
    }
  }

  /** The run wasn't agreed to: nobody is told of it. */
  forget(): void {
    this.#isOff = true
  }

  /** How many haven't been told all yet. */
  get busy(): number {
    return this.#couriers.filter(({ isBusy }) => isBusy).length
  }

  /** Waits for each hook at most as long as it may take, and answers what went wrong. */
  async close(): Promise<readonly Finding[]> {
    if (this.#notices.isOpen && !this.#isOff) this.#tell(this.#notices.end(BROKEN_OFF))
    const closed = await Promise.all(this.#couriers.map(courier => courier.close()))
    return [...closed, this.#bug].flatMap(finding => finding ?? [])
  }

  #tell(notice: Notice): void {
    for (const courier of this.#couriers) courier.tell(notice)
  }
}

const BROKEN_OFF: Finding = { code: 'run-broke-off', severity: 'error', args: {} }
