import type { Observation } from '../host/observation.ts'
import type { Finding } from '../model/finding.ts'
import { parseSave } from '../ruleset/parse.ts'
import { parseSets } from '../ruleset/sets.ts'
import { decide } from './decide.ts'
import { type HostPlan, NOTHING } from './host-plan.ts'
import { firstError } from './load-error.ts'

interface Leaving {
  readonly host: string
  readonly groups: readonly string[]
  readonly seen: Pick<Observation, 'bootId' | 'generation'>
  /** The generation that is to be taken back; any, where it is left out. */
  readonly from?: number
  /** What is to be taken back is whatever this run made. */
  readonly made?: Made
  /** When going back was asked for, where it is done later. */
  readonly asked?: Asked
}

/** ISO 8601, and by which run. */
export interface Asked {
  readonly at: string
  readonly run: string
}

/** What a run made on a host: its own try, and what it made to take that back. */
export interface Made {
  readonly run: string
  /** The generation that the host had before, and the last that the run was to make. */
  readonly base: number
  readonly latest: number
  /** Generations by which later runs have put that back: what they had changed is gone. */
  readonly again?: readonly MadeAgain[]
}

export interface MadeAgain {
  readonly run: string
  readonly generation: number
}

/** A host on which somebody has made another generation since isn't taken back. */
export function refuseSuperseded({ host, groups, seen, from, made, asked }: Leaving): HostPlan | undefined {
  const { number, origin } = seen.generation
  const isLater = asked && origin && origin.made > asked.at && origin.run !== asked.run
  // Of what is half removed no generation is left.
  const isAnother =
    number > 0 &&
    ((from !== undefined && number !== from) || (made !== undefined && isOfOthers(seen.generation, made)))
  if (!isLater && !isAnother) return undefined
  const finding = isLater
    ? error('changed-since', { now: number, made: origin.made, who: origin.who })
    : error('superseded', { from: from ?? made?.latest ?? 0, now: number })
  const wish = { host, groups, roles: [], onlyBase: false }
  return { ...NOTHING, ...wish, verdict: 'refused', findings: [finding], bootId: seen.bootId }
}

/** A host whose guard took the run's change back has what it had before. */
function isOfOthers({ number, origin }: Leaving['seen']['generation'], made: Made): boolean {
  const { run, base, latest, again = [] } = made
  if (number === base) return false
  if (!origin) return number < base || number > latest
  return origin.run !== run && !again.some(one => one.run === origin.run && one.generation === number)
}

export interface BackQuestion {
  readonly host: string
  readonly groups: readonly string[]
  /** With the generation to go back to in place of a candidate. */
  readonly seen: Observation
  readonly preserve: readonly string[]
  readonly acceptLockoutRisk: boolean
}

/**
 * What to do to one host so that a generation of its own is in force again: decided as any change is, and the next
 * generation says what that one said. Rules that fleet didn't make stay.
 */
export function decideBack(question: BackQuestion): HostPlan {
  const { seen, host, groups, preserve, acceptLockoutRisk } = question
  const { target, canonical, generation } = seen
  const wish = { host, groups, roles: [], onlyBase: false }
  const refuse = (finding: Finding): HostPlan => ({
    ...NOTHING,
    ...wish,
    verdict: 'refused',
    findings: [finding],
    bootId: seen.bootId,
  })
  if (!target) throw new Error(`${host} was not asked for a generation`)
  if (!canonical) return refuse(error('generation-does-not-load', firstError(seen.loadErrors)))
  const plan = decide({
    ...wish,
    seen,
    rulesets: { 4: parseSave(canonical[4], 4), 6: parseSave(canonical[6], 6) },
    sets: parseSets(target.ipsets),
    candidateHash: target.hash,
    preserve,
    replace: [],
    replaceUnmanaged: false,
    acceptLockoutRisk,
    isShipped: () => true,
  })
  const note: Finding = {
    code: 'goes-back',
    severity: 'note',
    args: { from: generation.number, to: target.number },
  }
  return goesBack({ ...plan, findings: [note, ...plan.findings] }, generation.number, target.number)
}

/** Says from where to where, of a host that has a way to go. */
export const goesBack = (plan: HostPlan, from: number, to: number): HostPlan =>
  plan.verdict === 'change' ? { ...plan, back: { from, to } } : plan

const error = (code: string, args: Finding['args']): Finding => ({ code, severity: 'error', args })
