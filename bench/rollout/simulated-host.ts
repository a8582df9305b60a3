import { setTimeout as sleep } from 'node:timers/promises'
import { readPieces } from '../../src/host/pieces.ts'
import type { Answer, Run, Session } from '../../src/session/session.ts'
import { applied, armed, type Kind, kindOf, observation, persisted } from './answers.ts'
import { ANSWER, LOAD } from './figures.ts'

/** Milliseconds from the close of the arming session until the new rules are in force. */
const APPLIES = 30 + LOAD

/** What hosts have in common: the rules of each kind, and how often they were asked what. */
export interface World {
  readonly kinds: Map<string, Kind>
  readonly exchanges: Record<string, number>
}

/** A host without a machine: it answers whatever it is asked after 200 ms, as the host program would. */
export class SimulatedHost {
  readonly #world: World
  readonly #kind: string
  readonly #address: string
  readonly #bootId: string
  readonly #generation: number
  #appliedAt = 0
  #isArmed = false
  #isDone = false

  constructor(world: World, kind: string, address: string, index: number) {
    this.#world = world
    this.#kind = kind
    this.#address = address
    this.#bootId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    this.#generation = 1 + (index % 900)
  }

  connect(): Session {
    return {
      connectStart: performance.now(),
      run: async run => {
        await sleep(ANSWER)
        return this.#answer(run)
      },
      close: async () => {
        if (!this.#isArmed || this.#appliedAt > 0) return
        this.#appliedAt = performance.now() + APPLIES
      },
    }
  }

  #answer({ args = [], stdin = '' }: Run): Answer {
    const [, marker = '', verb = ''] = args
    const { exchanges } = this.#world
    exchanges[verb] = (exchanges[verb] ?? 0) + 1
    const text = this.#say(verb, String(stdin), marker)
    return { code: 0, stdout: `${text}@@MARK code 0\n`.replaceAll('MARK', marker), stderr: '' }
  }

  #say(verb: string, stdin: string, marker: string): string {
    switch (verb) {
      case 'observe':
        return this.#observe(stdin, marker)
      case 'arm':
        this.#isArmed = true
        return armed(LOAD)
      case 'await':
        return this.#applied()
      case 'confirm':
        this.#isDone = true
        return persisted(this.#generation + 1)
      default:
        throw new Error(`nobody has taught it to ${verb}`)
    }
  }

  #observe(stdin: string, marker: string): string {
    const { kinds } = this.#world
    const kind = kinds.get(this.#kind) ?? kindOf(readPieces(stdin, marker) ?? new Map())
    kinds.set(this.#kind, kind)
    return observation({
      kind,
      bootId: this.#bootId,
      address: this.#address,
      generation: this.#generation + (this.#isDone ? 1 : 0),
      isDone: this.#isDone,
    })
  }

  #applied(): string {
    const age = Math.floor(performance.now() - this.#appliedAt)
    if (!this.#isArmed || age < 0) throw new Error('it was asked too early')
    return applied(this.#bootId, age, 60_000 - age)
  }
}
