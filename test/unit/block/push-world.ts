import pLimit from 'p-limit'
import { expect } from 'vitest'
import type { BlockHost, Verbs } from '../../../src/block/attempt.ts'
import type { BlockEvent, BlockOutcome } from '../../../src/block/event.ts'
import { pushBlocks } from '../../../src/block/push.ts'
import type { BlockAnswer, BlockState } from '../../../src/host/block-answer.ts'
import { FleetError } from '../../../src/model/error.ts'
import type { Session } from '../../../src/session/session.ts'
import { VirtualClock } from '../rollout/virtual-clock.ts'
import { STATE } from './fixture.ts'

const ANSWER: BlockAnswer = { ...STATE, isHookMade: true, lacked: 1, unknown: [], later: [], refused: [] }

export const down = () => new FleetError('connect-timeout', { host: 'x' }, { hostState: 'unreachable' })
export const fault = (code: string, args = {}) => new FleetError(code, args, { hostState: 'refused' })

/** What one host does: each list is what it does in turn, and its last word from then on. Numbers are milliseconds. */
interface Script {
  readonly connect?: readonly (number | (() => FleetError))[]
  readonly send?: readonly (Partial<BlockAnswer> | (() => FleetError))[]
  readonly check?: readonly (Partial<BlockState> | (() => FleetError))[]
  readonly install?: readonly (() => FleetError)[]
  /** Milliseconds that sending takes. */
  readonly takes?: number
  /** Milliseconds that sending takes where it is to undo what was sent. */
  readonly undoing?: number
}

/** Hosts that do as their scripts say, on a clock that takes no time. */
export class World {
  readonly clock = new VirtualClock()
  readonly log: string[] = []
  readonly events: BlockEvent[] = []
  readonly stop = new AbortController()
  open = 0
  /** Connections that are opened at once, as a pool lets them. */
  starting = pLimit(50)
  insisting = (_host: string) => false
  isUndoable = true
  /** What the command says, where it isn't the whole ledger. */
  asked: readonly string[] | undefined
  readonly #scripts: Readonly<Record<string, Script>>
  readonly #turns = new Map<string, number>()

  constructor(scripts: Readonly<Record<string, Script>>) {
    this.#scripts = scripts
  }

  /** Its next word of a kind; undefined where nothing is said of it. */
  #next(host: string, kind: Exclude<keyof Script, 'takes' | 'undoing'>) {
    const all = this.#scripts[host]?.[kind] ?? []
    const turn = this.#turns.get(`${host} ${kind}`) ?? 0
    this.#turns.set(`${host} ${kind}`, turn + 1)
    return all[Math.min(turn, all.length - 1)]
  }

  #answer<T extends object>(host: string, kind: 'send' | 'check' | 'install', whole: T): T {
    this.log.push(`${host} ${kind}`)
    const word = this.#next(host, kind)
    if (typeof word === 'function') throw word()
    return { ...whole, ...(typeof word === 'object' ? word : {}) }
  }

  host(name: string): BlockHost {
    return {
      host: name,
      connect: async (login, signal) => {
        const word = this.#next(name, 'connect')
        const open = () => this.clock.sleep(typeof word === 'number' ? word : 10, signal)
        await (login === 'proof' ? open() : this.starting(open))
        if (signal?.aborted) throw new FleetError('aborted', { host: name })
        this.log.push(`${name} connect`)
        if (typeof word === 'function') throw word()
        this.open += 1
        const session: Session & { host: string } = {
          host: name,
          connectStart: 0,
          run: () => Promise.reject(new Error('not here')),
          close: async () => {
            this.open -= 1
          },
        }
        return session
      },
      order: () => ({ now: 1, map: [], allow: [], even: [] }),
      insist: async () => this.insisting(name),
      ...(this.asked ? { isAsked: address => this.asked?.includes(address) ?? false } : {}),
      ...(this.isUndoable ? { undo: () => ({ now: 1, map: [], allow: ['undone'], even: [] }) } : {}),
    }
  }

  get verbs(): Verbs {
    const of = (session: Session) => String(Reflect.get(session, 'host'))
    return {
      send: async (session, { onProtected, allow }) => {
        const { takes = 1, undoing = takes } = this.#scripts[of(session)] ?? {}
        const isUndone = allow.includes('undone')
        if (isUndone) this.log.push(`${of(session)} undone`)
        await this.clock.sleep(isUndone ? undoing : takes)
        const answer = this.#answer(of(session), 'send', ANSWER)
        onProtected?.()
        return answer
      },
      check: async session => this.#answer(of(session), 'check', STATE),
      persist: async session => ({ ...this.#answer(of(session), 'check', STATE), isPersisted: true }),
      install: async session => this.#answer(of(session), 'install', {}),
    }
  }

  async push({ atOnce = 50, giveUpAfter = 300_000 } = {}): Promise<Record<string, string>> {
    const limit = pLimit(atOnce)
    const done = pushBlocks(
      Object.keys(this.#scripts).map(name => this.host(name)),
      {
        verbs: this.verbs,
        each: (items, work) => Promise.allSettled(items.map(item => limit(() => work(item)))),
        clock: this.clock,
        random: () => 1,
        giveUpAfter,
        began: 0,
        stop: this.stop.signal,
        emit: event => this.events.push(event),
      },
    )
    const outcomes = await this.clock.run(done)
    expect(this.open).toBe(0)
    return Object.fromEntries(outcomes.map(one => [one.host, word(one)]))
  }

  /** Milliseconds after which a host was protected first. */
  protectedAfter(host: string): number | undefined {
    const found = this.events.find(event => event.type === 'block-protected' && event.host === host)
    return found?.type === 'block-protected' ? found.after : undefined
  }

  count = (line: string) => this.log.filter(one => one === line).length
}

const word = ({ state, finding }: BlockOutcome) => (finding ? `${state}: ${finding.code}` : state)
