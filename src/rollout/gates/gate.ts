import type { WrittenGate } from '../../config/rollout.ts'

/** What a gate says when it is asked. */
export interface Reading {
  readonly is: 'pass' | 'fail' | 'inconclusive'
  /** In words of whoever was asked: `connection refused`, `503`, `exit code 3`. */
  readonly detail: string
}

export type Gate = WrittenGate

/** `tcp 443`, `http https://... from probe1`: how a gate is called where people read of it; another text is another gate. */
export function nameOf(gate: Gate): string {
  const [kind, what] = kindOf(gate)
  return `${kind} ${what}${gate.from === undefined ? '' : ` from ${gate.from}`}`
}

/** Whether it is asked of each host; a query is asked once for all of them. */
export const isOfHosts = (gate: Gate): boolean => !('prometheus' in gate)

function kindOf(gate: Gate): readonly [string, string] {
  if ('tcp' in gate) return ['tcp', String(gate.tcp)]
  if ('http' in gate) return ['http', gate.http]
  if ('command' in gate) return ['command', gate.command]
  return ['prometheus', `${gate.prometheus} at ${gate.at}`]
}

export const pass: Reading = { is: 'pass', detail: '' }
export const fail = (detail: string): Reading => ({ is: 'fail', detail })
export const inconclusive = (detail: string): Reading => ({ is: 'inconclusive', detail })
