import type { Clock } from '../model/clock.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Check, Command, Course, EngineEvent } from './course.ts'
import { STOPPED, whyStopped } from './ending.ts'
import { Engine } from './engine.ts'

/** Those who do what the engine says. An error of theirs is a bug: it ends the rollout once nothing is in flight. */
export interface Crew {
  /** What is asked before the first host starts; nobody wants to know any more once it is over. */
  readonly ask: (over: AbortSignal) => Promise<void>
  readonly stage: (stage: number) => Promise<void>
  /** Nothing is done until that moment of the monotonic clock. */
  readonly waits: (what: 'window' | 'soak', until: number) => Promise<void>
  readonly start: (host: string) => Promise<HostState>
  readonly check: (stage: number, hosts: readonly string[], earlier: readonly string[]) => Promise<Check>
  /** Resolves when somebody has said whether the rollout goes on; never, where nobody does. */
  readonly pause: (why: Finding, over: AbortSignal) => Promise<boolean>
  readonly takeBack: (hosts: readonly string[], why: Finding) => Promise<void>
}

export interface DriveOptions {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** No host starts any more. Where its reason is a `FleetError`, that is what the rollout ends with. */
  readonly stop: AbortSignal
}

/** Takes a rollout through its course. Resolves with why it ended early, if it did. */
export function drive(course: Course, crew: Crew, options: DriveOptions): Promise<Finding | undefined> {
  return new Promise((resolve, reject) => new Drive(course, crew, options, { resolve, reject }).begin())
}

interface End {
  readonly resolve: (why?: Finding) => void
  readonly reject: (bug: unknown) => void
}

type Doing = Exclude<Command, { type: 'end' }>

class Drive {
  readonly #engine: Engine
  readonly #crew: Crew
  readonly #options: DriveOptions
  readonly #end: End
  readonly #over = new AbortController()
  #inFlight = 0
  #bug: { readonly error: unknown } | undefined

  constructor(course: Course, crew: Crew, options: DriveOptions, end: End) {
    this.#engine = new Engine(course)
    this.#crew = crew
    this.#options = options
    this.#end = end
  }

  begin(): void {
    const { stop } = this.#options
    const halt = () => this.#tell({ type: 'stopped', why: whyStopped(stop) })
    if (stop.aborted) halt()
    else stop.addEventListener('abort', halt, { signal: this.#over.signal })
    this.#tell({ type: 'begun' })
  }

  #tell(event: EngineEvent): void {
    for (const command of this.#engine.handle(event, this.#options.clock.now())) this.#obey(command)
  }

  #obey(command: Command): void {
    if (command.type === 'end') this.#finish(command.why)
    else void this.#follow(command)
    if (command.type === 'wake') void this.#wakeAt(command.at)
  }

  async #wakeAt(at: number): Promise<void> {
    const { clock } = this.#options
    // A timer may end a part of a millisecond early.
    while (clock.now() < at && !this.#over.signal.aborted)
      await clock.sleep(Math.ceil(at - clock.now()), this.#over.signal)
    this.#tell({ type: 'woken' })
  }

  async #follow(command: Doing): Promise<void> {
    // A pause may never end: nothing waits for it.
    const counts = command.type === 'pause' ? 0 : 1
    this.#inFlight += counts
    try {
      const event = await this.#do(command)
      this.#inFlight -= counts
      if (event && !this.#bug) this.#tell(event)
      if (this.#bug) this.#fail(this.#bug.error)
    } catch (error) {
      this.#inFlight -= counts
      this.#fail(error)
    }
  }

  async #do(command: Doing): Promise<EngineEvent | undefined> {
    const crew = this.#crew
    switch (command.type) {
      case 'ask':
        await crew.ask(this.#over.signal)
        return { type: 'asked' }
      case 'stage':
        await crew.stage(command.stage)
        return undefined
      case 'wake':
        if (command.for) await crew.waits(command.for, command.at)
        return undefined
      case 'start':
        return { type: 'settled', host: command.host, state: await crew.start(command.host) }
      case 'check':
        return { type: 'checked', check: await crew.check(command.stage, command.hosts, command.earlier) }
      case 'take back':
        await crew.takeBack(command.hosts, command.why)
        return { type: 'taken back' }
      case 'pause':
        return (await crew.pause(command.why, this.#over.signal))
          ? { type: 'promoted' }
          : { type: 'stopped', why: STOPPED }
      default:
        return command satisfies never
    }
  }

  #finish(why: Finding | undefined): void {
    this.#over.abort()
    if (!this.#bug) this.#end.resolve(why)
  }

  #fail(error: unknown): void {
    this.#bug ??= { error }
    if (this.#inFlight > 0) return
    this.#over.abort()
    this.#end.reject(this.#bug.error)
  }
}
