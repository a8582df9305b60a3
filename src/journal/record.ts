import type { Event, Writer, WrittenRollout } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import { type HostRecord, learn } from './host-record.ts'
import type { Recorded } from './replay.ts'
import { type Standing, standingOf } from './standing.ts'

/** What a journal says of a run, put together. */
export interface RunRecord {
  readonly run: string
  /** So many events say it. */
  readonly length: number
  readonly who: string
  readonly command: string
  /** Where its hosts came from; empty in journals that don't say. */
  readonly inventory: readonly string[]
  /** The flags it was given, without `-e` and passwords. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly extraVars: boolean
  /** What it went by last; journals of before don't say. */
  readonly rollout?: WrittenRollout
  /** ISO 8601. */
  readonly since: string
  /** When it began that has no end yet: the first time, or after its last end. */
  readonly openSince?: string
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
  readonly standing: Standing
  /** What each gate said before the change, by host; queries are of the host ''. */
  readonly gates: ReadonlyMap<string, ReadonlyMap<string, Reading>>
  /** In the order in which they were first named. */
  readonly hosts: ReadonlyMap<string, HostRecord>
}

type Reading = Extract<Event, { type: 'host-gate' }>['is']

/** Undefined for a journal without a beginning. */
export function recordOf(recorded: readonly Recorded[]): RunRecord | undefined {
  const [first] = recorded
  if (first?.event.type !== 'run-started') return undefined
  const { run, who, command, inventory = [], flags = {}, extraVars = false } = first.event
  const hosts = new Map<string, HostRecord>()
  const know = (host: string, more: HostRecord) => hosts.set(host, { ...hosts.get(host), ...more })
  for (const one of recorded) learn(one, know, hosts)
  const { writers, isEnded } = writersOf(recorded)
  const paused = isEnded ? undefined : pausedOf(recorded)
  const planned = stagesOf(recorded)
  const stages = planned ?? []
  const isPlanned = planned !== undefined
  const takingBack = takingBackOf(recorded)
  const rollout = rolloutOf(recorded)
  const openSince = openSinceOf(recorded)
  const unfinished = {
    ...(openSince ? { openSince } : {}),
    ...(rollout ? { rollout } : {}),
    ...(paused ? { paused } : {}),
    ...(takingBack ? { takingBack } : {}),
  }
  const standing = standingOf(recorded.map(({ event }) => event))
  const began = { run, length: recorded.length, who, command, inventory, flags, extraVars, since: first.at }
  const gates = gatesOf(recorded)
  return { ...began, standing, gates, writers, isEnded, stages, isPlanned, hosts, ...unfinished }
}

/** Who has written since it ended last. */
export function writersOf(recorded: readonly Recorded[]): Pick<RunRecord, 'writers' | 'isEnded'> {
  const lastEnd = recorded.findLastIndex(({ event }) => event.type === 'run-ended')
  const writers = recorded.slice(lastEnd + 1).flatMap(({ event }) => writerOf(event) ?? [])
  return { writers, isEnded: lastEnd >= 0 && writers.length === 0 }
}

function openSinceOf(recorded: readonly Recorded[]): string | undefined {
  const lastEnd = recorded.findLastIndex(({ event }) => event.type === 'run-ended')
  return recorded.slice(lastEnd + 1).find(({ event }) => BEGINS.has(event.type))?.at
}

const BEGINS: ReadonlySet<string> = new Set(['run-started', 'run-resumed'])

const writerOf = (event: Event): Writer | undefined =>
  event.type === 'run-started' || event.type === 'run-resumed' ? event.writer : undefined

function rolloutOf(recorded: readonly Recorded[]): WrittenRollout | undefined {
  const last = recorded.findLast(({ event }) => 'rollout' in event)
  return last && 'rollout' in last.event ? last.event.rollout : undefined
}

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

function gatesOf(recorded: readonly Recorded[]): RunRecord['gates'] {
  const gates = new Map<string, Map<string, Reading>>()
  for (const { event } of recorded) {
    if (event.type !== 'host-gate' || event.when !== 'before') continue
    const known = gates.get(event.host) ?? new Map<string, Reading>()
    gates.set(event.host, known.set(event.gate, event.is))
  }
  return gates
}
