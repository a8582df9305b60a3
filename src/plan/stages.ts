import { type Amount, amountOf } from '../model/amount.ts'
import { shuffle } from './shuffle.ts'

/** A host that is to be changed, as far as its place in a rollout depends on it. */
export interface Candidate {
  readonly host: string
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  /** The value of the variable that stages are spread over. */
  readonly zone?: string
}

export interface StageWish {
  /** Counts and shares of all hosts, cumulative: `[1, '10%', '100%']`. */
  readonly stages: readonly Amount[]
  /** So many hosts of a group or a role are in the first stage, whatever its size: `{web: 1}`. */
  readonly canaries?: Readonly<Record<string, number>>
  /** Whether hosts are taken from each zone in turn. */
  readonly spread?: boolean
  /** Hosts go in this shuffle of their order; without it as they come. */
  readonly seed?: string
}

export interface Stages {
  /** Each with at least one host; no host is in two. */
  readonly stages: readonly (readonly string[])[]
  /** Hosts beyond the last stage. */
  readonly rest: readonly string[]
}

/** Cuts the hosts that are to be changed into stages. The same hosts in the same order give the same stages. */
export function stagesOf(hosts: readonly Candidate[], wish: StageWish): Stages {
  const shuffled = wish.seed === undefined ? hosts : shuffle(hosts, wish.seed)
  const ordered = wish.spread ? inTurn(shuffled) : shuffled
  const canaries = canariesOf(ordered, wish.canaries ?? {})
  const line = [...ordered.filter(one => canaries.has(one)), ...ordered.filter(one => !canaries.has(one))]
  const names = line.map(({ host }) => host)
  const ends = endsOf(wish.stages, names.length, canaries.size)
  const stages = ends.map((end, at) => names.slice(ends[at - 1] ?? 0, end))
  return { stages: stages.filter(stage => stage.length > 0), rest: names.slice(ends.at(-1) ?? 0) }
}

/** Where each stage ends; none ends before the one before it, and the first holds all canaries. */
function endsOf(stages: readonly Amount[], all: number, canaries: number): readonly number[] {
  let last = canaries
  return stages.map(amount => {
    last = Math.min(all, Math.max(last, amountOf(amount, all, 'up')))
    return last
  })
}

/** The first of each zone, then the second of each, and so on. */
function inTurn(hosts: readonly Candidate[]): readonly Candidate[] {
  const seen = new Map<string | undefined, number>()
  const turns = hosts.map(one => {
    const turn = seen.get(one.zone) ?? 0
    seen.set(one.zone, turn + 1)
    return { one, turn }
  })
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ one }) => one)
}

/** A host that is of two groups is a canary for both. */
function canariesOf(
  hosts: readonly Candidate[],
  wish: Readonly<Record<string, number>>,
): ReadonlySet<Candidate> {
  const canaries = new Set<Candidate>()
  for (const [name, count] of Object.entries(wish)) {
    const all = hosts.filter(({ groups, roles }) => groups.includes(name) || roles.includes(name))
    const missing = count - all.filter(one => canaries.has(one)).length
    for (const one of all.filter(one => !canaries.has(one)).slice(0, Math.max(0, missing))) canaries.add(one)
  }
  return canaries
}
