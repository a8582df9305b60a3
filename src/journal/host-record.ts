import type { Event, Handover, Outcome, WayBack } from '../model/event.ts'
import type { HostState } from '../model/host-state.ts'
import type { Recorded } from './replay.ts'

export interface HostRecord {
  readonly verdict?: 'unchanged' | 'change' | 'refused'
  /** Where a rollback was to lead it. */
  readonly back?: WayBack
  /** The sum of the rules that were rendered for it when the run began; journals of before don't say. */
  readonly rendered?: string
  /** The last one: a host that disarmed is tried twice, and one that is taken back is changed twice. */
  readonly handover?: Handover & { readonly at: string }
  /** The generation that it had before the run changed it. */
  readonly base?: number
  /** The last that the run was to make on it. */
  readonly generation?: number
  /** It was handed over, and nothing was said of it since. */
  readonly isInFlight?: boolean
  /** What was said of it last. */
  readonly outcome?: Outcome
  /** It was to go back, and whatever it was handed since leads there. */
  readonly isGoingBack?: boolean
  /** It persisted, and didn't pass its check. */
  readonly isSpoiled?: boolean
  /** Somebody has promoted the run since its outcome was known. */
  readonly isAccepted?: boolean
  /** The run has ended since, and somebody went on with it. */
  readonly isOfBefore?: boolean
}

type Know = (host: string, more: HostRecord) => void

/** What an event of a journal says of hosts. */
export function learn({ at, event }: Recorded, know: Know, known: ReadonlyMap<string, HostRecord>): void {
  const all = (hosts: readonly string[], more: HostRecord) => {
    for (const host of hosts) know(host, more)
  }
  const settled = () => [...known].flatMap(([host, { outcome }]) => (outcome ? [host] : []))
  if (event.type === 'phase-started') all(event.hosts, {})
  if (event.type === 'rules-rendered')
    for (const { sha256, hosts } of event.rules)
      for (const host of hosts) know(host, { rendered: known.get(host)?.rendered ?? sha256 })
  if (event.type === 'rollout-planned') all(event.stages.flat(), { isGoingBack: false })
  if (event.type === 'taking-back') all(event.hosts, { isGoingBack: true })
  if (event.type === 'rollout-promoted') all(settled(), { isAccepted: true })
  if (event.type === 'run-ended') all(settled(), { isOfBefore: true })
  learnOfOne(event, at, know, known)
}

function learnOfOne(event: Event, at: string, know: Know, known: ReadonlyMap<string, HostRecord>): void {
  if (event.type === 'host-planned')
    know(event.host, { verdict: event.verdict, ...(event.back ? { back: event.back } : {}) })
  if (event.type === 'host-settled') {
    const { type: _, ...outcome } = event
    const { isSpoiled, isGoingBack } = known.get(event.host) ?? {}
    // Its check was asked once more.
    const passes = isSpoiled && !isGoingBack ? { isSpoiled: false } : {}
    know(event.host, { outcome, isInFlight: false, isAccepted: false, isOfBefore: false, ...passes })
  }
  if (event.type === 'host-checked' && event.finding) {
    const { outcome, isSpoiled, isAccepted } = known.get(event.host) ?? {}
    const accepted = isSpoiled && isAccepted ? {} : { isAccepted: false }
    if (outcome)
      know(event.host, {
        outcome: { ...outcome, finding: event.finding },
        isSpoiled: true,
        isOfBefore: false,
        ...accepted,
      })
  }
  if (event.type === 'host-step' && isHandover(event))
    know(event.host, handedOver(event, at, known.get(event.host)))
}

/** On these a host may have what the run made, be it what it was to bring or what was to take that back. */
const MAY_HAVE: ReadonlySet<HostState> = new Set([
  'persisted',
  'confirmed, not persisted',
  'unknown',
  'stuck',
])

/** Whether a host may stand on something that the run made; of one in flight nobody knows. */
export const mayStandOn = ({ handover, outcome, isInFlight }: HostRecord): boolean =>
  handover !== undefined && (!outcome || isInFlight === true || MAY_HAVE.has(outcome.state))

/** Once it had gone back somebody else may have changed it: then the next try begins with that. */
function handedOver(handover: Handover, at: string, known: HostRecord = {}): HostRecord {
  const { nonce, bootId, confirmTimeout, base, generation } = handover
  return {
    handover: { nonce, bootId, confirmTimeout, base, generation, at },
    base: (mayStandOn(known) ? known.base : undefined) ?? base,
    generation,
    isInFlight: true,
    ...(known.isSpoiled && !known.isGoingBack ? { isSpoiled: false } : {}),
  }
}

/** Journals of older versions say the nonce alone. */
function isHandover(step: Partial<Handover>): step is Handover {
  return step.nonce !== undefined && step.bootId !== undefined && step.generation !== undefined
}
