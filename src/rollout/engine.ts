import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Check, Command, Course, EngineEvent, Past } from './course.ts'
import { NO_FAILURES, OVERDUE, reason } from './ending.ts'
import { Fate } from './fate.ts'
import { Itinerary } from './itinerary.ts'
import { Ledger } from './ledger.ts'
import { Runway } from './runway.ts'
import { Timetable } from './timetable.ts'

/*
 * A rollout as a machine over events: no clock, no network, no hosts. The promises:
 *
 * 1. No stage starts while a host of an earlier one isn't settled.
 * 2. One failure more than the budget bears, and no host starts any more.
 * 3. It ends only when nothing is in flight, and it always ends once it is stopped.
 * 4. Only hosts that persisted are taken back.
 */

type Phase = 'closed' | 'asking' | 'going' | 'soaking' | 'checking' | 'paused' | 'taking back' | 'over'

export class Engine {
  readonly #course: Course
  readonly #ledger: Ledger
  readonly #runway: Runway
  readonly #times: Timetable
  readonly #way: Itinerary
  readonly #fate: Fate
  #phase: Phase = 'closed'

  constructor(course: Course) {
    this.#course = course
    this.#ledger = new Ledger(course.budget, course.past?.hosts)
    this.#runway = new Runway(course.parallel)
    this.#times = new Timetable(course)
    this.#way = new Itinerary(course.stages)
    this.#fate = new Fate(course.onFailure)
  }

  /** What is to be done now. `now` never goes back. */
  handle(event: EngineEvent, now: number): readonly Command[] {
    const expired = this.#expire(now)
    return this.#phase === 'over' ? expired : [...expired, ...this.#hear(event, now)]
  }

  #hear(event: EngineEvent, now: number): readonly Command[] {
    switch (event.type) {
      case 'begun':
        return this.#begin(now)
      case 'asked':
        return this.#phase === 'asking' ? this.#open(now) : []
      case 'settled':
        return this.#settled(event.host, event.state, now)
      case 'checked':
        return this.#checked(event.check, now)
      case 'woken':
        return this.#woken(now)
      case 'promoted':
        return this.#phase === 'paused' ? this.#promoted(now) : []
      case 'stopped':
        return this.#stop(event.why)
      case 'taken back':
        return this.#end(this.#fate.ending?.why)
      default:
        return event satisfies never
    }
  }

  /** The window: nothing starts before it, and whoever has nothing to start doesn't wait. */
  #begin(now: number): readonly Command[] {
    const waits = this.#way.following >= 0 && this.#times.isEarly(now)
    return [...this.#times.begin(now, waits), ...(waits ? [] : this.#ask(now))]
  }

  /** While nobody is changed yet, and not hours before that. */
  #ask(now: number): readonly Command[] {
    if (!this.#course.asks || this.#way.following < 0) return this.#open(now)
    this.#phase = 'asking'
    return [{ type: 'ask' }]
  }

  #open(now: number): readonly Command[] {
    const { past } = this.#course
    if (past) this.#recall(past)
    if (past?.paused) return this.#pause(past.paused)
    const spent = this.#ledger.overspent()
    if (spent) return this.#fail(spent)
    return past && this.#way.stage >= 0 ? this.#goOnFrom(past, now) : this.#nextStage(now)
  }

  #recall(past: Past): void {
    this.#way.recall(past)
    this.#openStage()
  }

  #openStage(): void {
    this.#ledger.openStage(this.#way.stage)
    this.#runway.line(this.#way.hosts)
    this.#phase = 'going'
  }

  #goOnFrom({ isPromoted }: Past, now: number): readonly Command[] {
    if (!this.#way.isAmid) return isPromoted ? this.#nextStage(now) : this.#stageDone(now)
    const tells = this.#runway.isEmpty ? [] : [{ type: 'stage', stage: this.#way.stage } as const]
    return [...tells, ...this.#goOn(now)]
  }

  #nextStage(now: number): readonly Command[] {
    const next = this.#way.following
    if (next < 0) return this.#end()
    this.#way.enter(next)
    this.#openStage()
    return [{ type: 'stage', stage: next }, ...this.#start(now)]
  }

  #start(now: number): readonly Command[] {
    if (this.#fate.ending) return []
    if (this.#times.isClosed(now) && !this.#runway.isEmpty) return this.#stop(reason('window-over'))
    return this.#runway.take().map(host => ({ type: 'start', host }) as const)
  }

  #settled(host: string, state: HostState, now: number): readonly Command[] {
    this.#runway.land(host)
    this.#ledger.enter(host, state, this.#way.stage)
    const spent = this.#ledger.overspent()
    if (spent && !this.#fate.isDecided) return this.#fail(spent)
    return this.#fate.ending ? this.#finish() : this.#goOn(now)
  }

  #goOn(now: number): readonly Command[] {
    const started = this.#start(now)
    return started.length > 0 || !this.#runway.isClear ? started : this.#soak(now)
  }

  #soak(now: number): readonly Command[] {
    if (this.#course.soak === 0) return this.#check(now)
    this.#phase = 'soaking'
    return this.#times.soak(now)
  }

  #check(now: number): readonly Command[] {
    if (!this.#course.checks) return this.#stageDone(now)
    this.#phase = 'checking'
    const { stage } = this.#way
    const hosts = this.#ledger.persisted(stage)
    return [{ type: 'check', stage, hosts, earlier: this.#ledger.persistedBefore(stage) }]
  }

  #checked({ failed, inconclusive, broken }: Check, now: number): readonly Command[] {
    this.#ledger.spoil(failed)
    this.#phase = 'going'
    const wrong = broken ?? this.#ledger.overspent()
    if (this.#fate.isDecided) return this.#finish()
    this.#way.leave()
    if (wrong) return this.#fail(wrong)
    if (this.#fate.ending) return inconclusive ? this.#end(inconclusive) : this.#finish()
    if (inconclusive) return this.#pause(inconclusive)
    return this.#stageDone(now)
  }

  #stageDone(now: number): readonly Command[] {
    this.#way.leave()
    if (this.#course.manual && this.#way.following >= 0)
      return this.#pause(reason('wants-promotion', this.#way.stage + 1))
    return this.#nextStage(now)
  }

  #woken(now: number): readonly Command[] {
    if (this.#phase === 'closed') return this.#times.isEarly(now) ? [] : this.#ask(now)
    if (this.#phase === 'soaking' && this.#times.isSoaked(now)) return this.#check(now)
    return this.#phase === 'going' ? this.#start(now) : []
  }

  #promoted(now: number): readonly Command[] {
    this.#ledger.forgive()
    this.#fate.forgive()
    if (!this.#way.isAmid) return this.#nextStage(now)
    this.#phase = 'going'
    return this.#goOn(now)
  }

  #fail(why: Finding): readonly Command[] {
    this.#fate.fail(why)
    return this.#finish()
  }

  /** The time of all of it is up. */
  #expire(now: number): readonly Command[] {
    return this.#times.isUp(now) && this.#phase !== 'over' ? this.#stop(OVERDUE) : []
  }

  /** No host starts from here on. */
  #stop(why: Finding): readonly Command[] {
    if (this.#phase === 'taking back') return []
    this.#fate.stop(why)
    // What the check finds is still to be told.
    return this.#phase === 'checking' ? [] : this.#finish()
  }

  #finish(): readonly Command[] {
    const { ending } = this.#fate
    if (!ending || !this.#runway.hasLanded) return []
    if (NO_FAILURES.has(ending.why.code) && this.#isDone) return this.#end()
    switch (ending.next) {
      case 'stop':
        return this.#end(ending.why)
      case 'pause':
        return this.#pause(ending.why)
      case 'revert-stage':
      case 'revert-all':
        return this.#takeBack(this.#ledger.goingBack(ending.next, this.#way.stage), ending.why)
      default:
        return ending.next satisfies never
    }
  }

  /** Nothing is missing, so nothing is late, and nothing was stopped. */
  get #isDone(): boolean {
    if (this.#ledger.overspent() || this.#way.following >= 0) return false
    const { stages, soak, checks } = this.#course
    const isThrough = !this.#way.isAmid || (soak === 0 && !checks)
    return (this.#phase === 'going' || stages.length === 0) && this.#runway.isEmpty && isThrough
  }

  #pause(why: Finding): readonly Command[] {
    this.#phase = 'paused'
    return [{ type: 'pause', why }]
  }

  #takeBack(hosts: readonly string[], why: Finding): readonly Command[] {
    if (hosts.length === 0) return this.#end(why)
    this.#phase = 'taking back'
    return [{ type: 'take back', hosts, why }]
  }

  #end(why?: Finding): readonly Command[] {
    this.#phase = 'over'
    return [{ type: 'end', ...(why ? { why } : {}) }]
  }
}
