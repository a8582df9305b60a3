import type { Event, Handover, Outcome, Writer } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { HostState } from '../model/host-state.ts'
import type { Recorded } from './replay.ts'

/** What a journal says of a run, put together. */
export interface RunRecord {
  readonly run: string
  readonly who: string
  readonly command: string
  /** Where its hosts came from; empty in journals that don't say. */
  readonly inventory: readonly string[]
  /** The flags it was given, without `-e` and passwords. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly extraVars: boolean
  /** ISO 8601. */
  readonly since: string
  /** Who wrote it last, and nobody after whom it ended. */
  readonly writers: readonly Writer[]
  readonly isEnded: boolean
  /** Why it waits for somebody, if it does. */
  readonly paused?: Finding
  /** Who was to go back, and why, where that was begun and the run has no end since. */
  readonly takingBack?: { readonly hosts: readonly string[]; readonly why: Finding }
  /** The frozen list, stage by stage; empty where nobody was to be changed, or it never came to that. */
  readonly stages: readonly (readonly string[])[]
  readonly isPlanned: boolean
  /** In the order in which they were first named. */
  readonly hosts: ReadonlyMap<string, HostRecord>
}

export interface HostRecord {
  readonly verdict?: 'unchanged' | 'change' | 'refused'
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
}

/** Undefined for a journal without a beginning. */
export function recordOf(recorded: readonly Recorded[]): RunRecord | undefined {
  const [first] = recorded
  if (first?.event.type !== 'run-started') return undefined
  const { run, who, command, inventory = [], flags = {}, extraVars = false } = first.event
  const hosts = new Map<string, HostRecord>()
  const know = (host: string, more: HostRecord) => hosts.set(host, { ...hosts.get(host), ...more })
  for (const one of recorded) {
    learn(one, know, hosts)
    const { event } = one
    const outcome =
      event.type === 'host-checked' && event.finding ? hosts.get(event.host)?.outcome : undefined
    if (event.type === 'host-checked' && event.finding && outcome)
      know(event.host, { outcome: { ...outcome, finding: event.finding } })
  }
  const { writers, isEnded } = writersOf(recorded)
  const paused = isEnded ? undefined : pausedOf(recorded)
  const planned = stagesOf(recorded)
  const stages = planned ?? []
  const isPlanned = planned !== undefined
  const takingBack = takingBackOf(recorded)
  const unfinished = { ...(paused ? { paused } : {}), ...(takingBack ? { takingBack } : {}) }
  const began = { run, who, command, inventory, flags, extraVars, since: first.at }
  return { ...began, writers, isEnded, stages, isPlanned, hosts, ...unfinished }
}

/** Who has written since it ended last. */
export function writersOf(recorded: readonly Recorded[]): Pick<RunRecord, 'writers' | 'isEnded'> {
  const lastEnd = recorded.findLastIndex(({ event }) => event.type === 'run-ended')
  const writers = recorded.slice(lastEnd + 1).flatMap(({ event }) => writerOf(event) ?? [])
  return { writers, isEnded: lastEnd >= 0 && writers.length === 0 }
}

const writerOf = (event: Event): Writer | undefined =>
  event.type === 'run-started' || event.type === 'run-resumed' ? event.writer : undefined

function pausedOf(recorded: readonly Recorded[]): Finding | undefined {
  const last = recorded.findLast(({ event }) => /^rollout-(paused|promoted|stopped)$/.test(event.type))
  return last?.event.type === 'rollout-paused' ? last.event.why : undefined
}

function takingBackOf(recorded: readonly Recorded[]): RunRecord['takingBack'] {
  const last = recorded.findLast(({ event }) => /^(taking-back|run-ended)$/.test(event.type))
  if (last?.event.type !== 'taking-back') return undefined
  const { hosts, why } = last.event
  return { hosts, why }
}

function stagesOf(recorded: readonly Recorded[]): RunRecord['stages'] | undefined {
  const planned = recorded.find(({ event }) => event.type === 'rollout-planned')
  return planned?.event.type === 'rollout-planned' ? planned.event.stages : undefined
}

type Know = (host: string, more: HostRecord) => void

function learn({ at, event }: Recorded, know: Know, known: RunRecord['hosts']): void {
  if (event.type === 'phase-started') for (const host of event.hosts) know(host, {})
  if (event.type === 'rollout-planned') for (const host of event.stages.flat()) know(host, {})
  if (event.type === 'host-planned') know(event.host, { verdict: event.verdict })
  if (event.type === 'host-settled') {
    const { type: _, ...outcome } = event
    know(event.host, { outcome, isInFlight: false })
  }
  if (event.type === 'host-step' && isHandover(event)) {
    const { host, nonce, bootId, confirmTimeout, base, generation } = event
    const handover = { nonce, bootId, confirmTimeout, base, generation, at }
    know(host, { handover, base: baseOf(known.get(host)) ?? base, generation, isInFlight: true })
  }
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
const baseOf = (known: HostRecord | undefined) => (known && mayStandOn(known) ? known.base : undefined)

/** Journals of older versions say the nonce alone. */
function isHandover(step: Partial<Handover>): step is Handover {
  return step.nonce !== undefined && step.bootId !== undefined && step.generation !== undefined
}
