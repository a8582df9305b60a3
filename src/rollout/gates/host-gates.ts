import type { Emit } from '../../model/event.ts'
import type { Finding } from '../../model/finding.ts'
import { type Gate, nameOf, type Reading } from './gate.ts'

/** Asks a gate about a host. */
export type Ask = (gate: Gate, host: string) => Promise<Reading>

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
  #counting: readonly Gate[]

  /** `counting` are those that an earlier process has seen pass. */
  constructor(host: string, gates: readonly Gate[], ask: Ask, emit: Emit, counting: readonly Gate[] = []) {
    this.#host = host
    this.#gates = gates
    this.#ask = ask
    this.#emit = emit
    this.#counting = counting
  }

  async before(): Promise<void> {
    const readings = await this.#read(this.#gates, 'before')
    this.#counting = this.#gates.filter((_, at) => readings[at]?.is !== 'fail')
  }

  async after(when: 'applied' | 'stage'): Promise<Verdict> {
    const readings = await this.#read(this.#counting, when)
    const first = (is: keyof typeof CODE) => {
      const at = readings.findIndex(reading => reading.is === is)
      const gate = this.#counting[at]
      return gate && finding(CODE[is], gate, readings[at]?.detail ?? '', this.#host)
    }
    const [failed, unsure] = [first('fail'), first('inconclusive')]
    return { ...(failed ? { failed } : {}), ...(unsure ? { inconclusive: unsure } : {}) }
  }

  async #read(gates: readonly Gate[], when: 'before' | 'applied' | 'stage'): Promise<readonly Reading[]> {
    const readings = await Promise.all(gates.map(gate => this.#ask(gate, this.#host)))
    for (const [at, gate] of gates.entries()) {
      const reading = readings[at]
      if (reading)
        await this.#emit({ type: 'host-gate', host: this.#host, gate: nameOf(gate), when, ...reading })
    }
    return readings
  }
}

const CODE = { fail: 'gate-fail', inconclusive: 'gate-inconclusive' } as const

const finding = (code: string, gate: Gate, detail: string, host: string): Finding => ({
  code,
  severity: 'error',
  args: { gate: nameOf(gate), detail, host },
})
