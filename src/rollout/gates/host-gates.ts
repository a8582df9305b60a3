import type { Emit, Event } from '../../model/event.ts'
import type { Finding } from '../../model/finding.ts'
import { type Gate, nameOf, type Reading } from './gate.ts'

/** Asks a gate about a host. */
export type Ask = (gate: Gate, host: string) => Promise<Reading>

type When = Extract<Event, { type: 'host-gate' }>['when']

/** What gates said before the change, by their names. */
export type Said = ReadonlyMap<string, Reading['is']>

/** What came of the gates of a host. */
export interface Verdict {
  readonly failed?: Finding
  readonly inconclusive?: Finding
}

/**
 * The gates of one host. Those that passed before its change must pass after it; one that failed before is told of,
 * and doesn't count.
 */
export class HostGates {
  readonly #host: string
  readonly #gates: readonly Gate[]
  readonly #ask: Ask
  readonly #emit: Emit
  readonly #said: Said
  #counting: readonly Gate[]

  /** `said`: to an earlier process; it holds. */
  constructor(host: string, gates: readonly Gate[], ask: Ask, emit: Emit, said: Said = new Map()) {
    this.#host = host
    this.#gates = gates
    this.#ask = ask
    this.#emit = emit
    this.#said = said
    this.#counting = gates.filter(gate => said.has(nameOf(gate)) && said.get(nameOf(gate)) !== 'fail')
  }

  /** Ends at once when `cut` is aborted; what wasn't answered by then was never said. */
  async before(cut?: AbortSignal): Promise<void> {
    const unasked = this.#gates.filter(gate => !this.#said.has(nameOf(gate)))
    const readings = await this.#read(unasked, 'before', cut)
    const failed = new Set(unasked.filter((_, at) => readings[at]?.is === 'fail'))
    this.#counting = this.#gates.filter(gate => this.#said.get(nameOf(gate)) !== 'fail' && !failed.has(gate))
  }

  async after(when: 'applied' | 'stage', cut?: AbortSignal): Promise<Verdict> {
    const readings = await this.#read(this.#counting, when, cut)
    const first = (is: keyof typeof CODE) => {
      const at = readings.findIndex(reading => reading?.is === is)
      const gate = this.#counting[at]
      return gate && finding(CODE[is], gate, readings[at]?.detail ?? '', this.#host)
    }
    const [failed, unsure] = [first('fail'), first('inconclusive')]
    return { ...(failed ? { failed } : {}), ...(unsure ? { inconclusive: unsure } : {}) }
  }

  async #read(
    gates: readonly Gate[],
    when: When,
    cut?: AbortSignal,
  ): Promise<readonly (Reading | undefined)[]> {
    const readings = await Promise.all(gates.map(gate => orCut(() => this.#ask(gate, this.#host), cut)))
    for (const [at, gate] of gates.entries()) {
      const reading = readings[at]
      if (reading)
        await this.#emit({ type: 'host-gate', host: this.#host, gate: nameOf(gate), when, ...reading })
    }
    return readings
  }
}

/** Undefined where it is cut off. */
async function orCut(ask: () => Promise<Reading>, cut?: AbortSignal): Promise<Reading | undefined> {
  if (!cut) return ask()
  if (cut.aborted) return undefined
  const done = new AbortController()
  const ended = new Promise<undefined>(resolve => {
    cut.addEventListener('abort', () => resolve(undefined), { signal: done.signal })
  })
  try {
    return await Promise.race([ask(), ended])
  } finally {
    done.abort()
  }
}

const CODE = { fail: 'gate-fail', inconclusive: 'gate-inconclusive' } as const

const finding = (code: string, gate: Gate, detail: string, host: string): Finding => ({
  code,
  severity: 'error',
  args: { gate: nameOf(gate), detail, host },
})
