import type { Later, Refused } from '../host/block-answer.ts'
import type { Finding } from '../model/finding.ts'
import type { Answered, BlockOutcome } from './event.ts'

/** What comes next for a host: nothing, the same again, its packages and then all of it, or what makes it last. */
export interface Step {
  readonly next: 'done' | 'again' | 'send' | 'install' | 'persist'
  readonly outcome: BlockOutcome
}

/** A host, and what of its ledger a command asks for. */
export interface Asked {
  readonly host: string
  /** Whether the command itself asks for an address to be blocked; where that isn't said it asks for the whole ledger. */
  readonly isAsked?: (address: string) => boolean
}

/**
 * Of what a host says that it blocks now. A command answers for what it asks to be blocked: what else of the ledger a
 * host leaves out was told when that was said, and mustn't hide that this is in force.
 */
export function judge({ host, isAsked }: Asked, answer: Answered): Step {
  const refused = answer.refused ?? []
  const missed = isAsked ? refused.filter(({ address }) => isAsked(address)) : refused
  const [first] = missed
  const { isPersisted, why = '' } = answer
  const next = !isPersisted && why === 'packages' ? 'persist' : 'done'
  const settle = (state: BlockOutcome['state'], finding?: Finding): Step => ({
    next,
    outcome: { host, state, ...(finding ? { finding } : {}), answer },
  })
  // What was asked for and isn't there comes before what would be lost by a boot.
  if (first && (isPersisted || isAsked))
    return settle('refused', refusal(first, refused.length - 1, isPersisted ? null : why))
  if (!isPersisted)
    return settle('blocked, not persisted', {
      code: 'block-not-persisted',
      severity: 'error',
      args: { why },
    })
  return settle('blocked', refused[0] ? leftOut(refused[0], refused.length - 1) : saidOf(answer))
}

/** `persist`: why the rest would not outlast a boot; null where it does. */
const refusal = ({ address, what, covers }: Refused, more: number, persist: string | null): Finding => ({
  code: 'block-host-refuses',
  severity: 'error',
  args: { address, what, covers, more, persist },
})

const leftOut = ({ address, what, covers }: Refused, more: number): Finding => ({
  code: 'block-left-out',
  severity: 'warning',
  args: { address, what, covers, more },
})

export const laterThere = (later: readonly Later[]): Finding => ({
  code: 'block-later',
  severity: 'warning',
  args: { addresses: later.slice(0, 3).map(({ address }) => address), more: Math.max(0, later.length - 3) },
})

/** Seconds by which a host's clock may be off before somebody should know. */
const SKEW = 60

/** Nothing is wrong now; but somebody should know. */
function saidOf({ skew, unknown = [], later = [] }: Answered): Finding | undefined {
  if (later.length > 0) return laterThere(later)
  if (Math.abs(skew) > SKEW) return { code: 'block-clock', severity: 'warning', args: { skew } }
  if (unknown.length === 0) return undefined
  const args = { addresses: unknown.slice(0, 3), more: Math.max(0, unknown.length - 3) }
  return { code: 'block-unknown', severity: 'warning', args }
}

/** Seconds by which all hosts find this machine's clock off, to the minute: then it is this one that is wrong. */
export function ownSkew(outcomes: readonly BlockOutcome[]): number | undefined {
  const skews = outcomes.flatMap(({ answer }) => answer?.skew ?? [])
  const [most, least] = [Math.max(...skews), Math.min(...skews)]
  if (skews.length < 2 || most - least > SKEW || Math.min(Math.abs(most), Math.abs(least)) <= SKEW)
    return undefined
  return -least
}
