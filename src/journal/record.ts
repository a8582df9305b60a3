import type { Event, Handover, Outcome, Writer } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
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
  /** The frozen list, stage by stage; empty where nobody was to be changed, or it never came to that. */
  readonly stages: readonly (readonly string[])[]
  readonly isPlanned: boolean
  /** In the order in which they were first named. */
  readonly hosts: ReadonlyMap<string, HostRecord>
}

export interface HostRecord {
  readonly verdict?: 'unchanged' | 'change' | 'refused'
  /** The last one: a host that disarmed is tried twice. */
  readonly handover?: Handover & { readonly at: string }
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
    learn(one, know)
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
  const pause = paused ? { paused } : {}
  const began = { run, who, command, inventory, flags, extraVars, since: first.at }
  return { ...began, writers, isEnded, stages, isPlanned, hosts, ...pause }
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

function stagesOf(recorded: readonly Recorded[]): RunRecord['stages'] | undefined {
  const planned = recorded.find(({ event }) => event.type === 'rollout-planned')
  return planned?.event.type === 'rollout-planned' ? planned.event.stages : undefined
}

function learn({ at, event }: Recorded, know: (host: string, more: HostRecord) => void): void {
  if (event.type === 'phase-started') for (const host of event.hosts) know(host, {})
  if (event.type === 'rollout-planned') for (const host of event.stages.flat()) know(host, {})
  if (event.type === 'host-planned') know(event.host, { verdict: event.verdict })
  if (event.type === 'host-settled') {
    const { type: _, ...outcome } = event
    know(event.host, { outcome })
  }
  if (event.type === 'host-step' && isHandover(event)) {
    const { nonce, bootId, confirmTimeout, base, generation } = event
    know(event.host, { handover: { nonce, bootId, confirmTimeout, base, generation, at } })
  }
}

/** Journals of older versions say the nonce alone. */
function isHandover(step: Partial<Handover>): step is Handover {
  return step.nonce !== undefined && step.bootId !== undefined && step.generation !== undefined
}
