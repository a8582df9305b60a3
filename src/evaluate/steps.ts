import type { Chain, Table } from '../ruleset/ruleset.ts'
import type { Answer } from './answer.ts'
import { type Clause, clauseOf } from './clause.ts'
import { matches } from './matches/matches.ts'
import type { DecidingRule, Sight, VerdictName } from './packet.ts'

/** How sure it is that the packet comes to an end here. */
export type Doubt = 'sure' | 'maybe' | 'unknown'

/** A place where the packet's way may end. */
export interface Step {
  readonly verdict: VerdictName
  readonly doubt: Doubt
  /** The doubtful rules that lead here, and the one that says so. */
  readonly deciders: readonly DecidingRule[]
}

export interface Walk {
  readonly table: string
  readonly chains: Table
  readonly sight: Sight
  /** Whether a rule that may match takes the packet out of connection tracking. */
  untracked: boolean
}

interface Way {
  readonly steps: Step[]
  /** The packet surely ends in this chain and doesn't come back to the caller. */
  readonly ends: boolean
}

/** Every place where the packet's way may end in a chain, in order, up to the first one that is sure. */
export function stepsOf(walk: Walk, chain: Chain, callers: readonly string[] = []): Way {
  const steps: Step[] = []
  const doubts: DecidingRule[] = []
  let doubt: Doubt = 'sure'
  for (const rule of chain.rules) {
    const clause = clauseOf(rule)
    const match = matches(clause, walk.sight)
    if (match === 'no') continue
    const decider = { ...rule, table: walk.table, chain: chain.name }
    const far = follow(walk, clause, decider, [...callers, chain.name])
    const isDoubtful = match !== 'yes'
    const because = isDoubtful ? [...doubts, decider] : doubts
    const weight = heavier(doubt, isDoubtful ? match : 'sure')
    steps.push(...far.steps.map(step => weaken(step, weight, because)))
    if (!far.ends && !far.returns) continue
    if (!isDoubtful) return { steps, ends: far.ends && doubt === 'sure' }
    if (far.returns) {
      doubt = heavier(doubt, match)
      doubts.push(decider)
    }
  }
  return { steps, ends: false }
}

const WEIGHT: readonly Doubt[] = ['sure', 'maybe', 'unknown']
const heavier = (a: Doubt, b: Exclude<Answer, 'yes' | 'no'> | 'sure'): Doubt =>
  WEIGHT.indexOf(a) > WEIGHT.indexOf(b) ? a : b

function weaken(step: Step, doubt: Doubt, because: readonly DecidingRule[]): Step {
  const deciders = [...because.filter(rule => !step.deciders.includes(rule)), ...step.deciders]
  return { verdict: step.verdict, doubt: heavier(step.doubt, doubt), deciders }
}

interface Far {
  readonly steps: readonly Step[]
  readonly ends: boolean
  /** Back to the caller of this chain, or to the policy. */
  readonly returns: boolean
}

const ON: Far = { steps: [], ends: false, returns: false }
const BACK: Far = { steps: [], ends: false, returns: true }

const VERDICTS: Readonly<Record<string, VerdictName>> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'reject',
  // They change where a packet comes from on its way out, and end the chain.
  SNAT: 'accept',
  MASQUERADE: 'accept',
}

/** Targets after which the packet goes on with the next rule. */
const PASSING = new Set(
  'LOG NFLOG ULOG AUDIT TRACE CT NOTRACK MARK CONNMARK SET TCPMSS TCPOPTSTRIP CLASSIFY CHECKSUM'
    .concat(' TOS DSCP ECN TTL HL SECMARK CONNSECMARK RATEEST IDLETIMER LED HMARK TEE')
    .split(' '),
)

/** What the target of a rule that matches does. */
function follow(walk: Walk, clause: Clause, decider: DecidingRule, callers: readonly string[]): Far {
  const { target } = clause
  if (target === undefined) return ON
  if (target === 'RETURN') return BACK
  const chain = walk.chains.get(target)
  if (chain && !callers.includes(target)) {
    const { steps, ends } = stepsOf(walk, chain, callers)
    return { steps, ends, returns: clause.goto && !ends }
  }
  if (target === 'NOTRACK' || clause.targetOptions.includes('--notrack')) walk.untracked = true
  if (PASSING.has(target)) return ON
  const verdict = VERDICTS[target] ?? 'unknown'
  return { steps: [{ verdict, doubt: 'sure', deciders: [decider] }], ends: true, returns: false }
}
