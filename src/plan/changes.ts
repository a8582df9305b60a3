import type { ChangedLine, Event } from '../model/event.ts'
import type { DiffLine } from '../ruleset/diff.ts'
import type { HostPlan } from './host-plan.ts'

/** Lines that stay are kept for so far on either side of a change. */
const CONTEXT = 3
/** A fleet has that many kinds of changes, or nobody reads them all. */
const MOST_KINDS = 200
const MOST_LINES = 400

type ChangePlanned = Extract<Event, { type: 'change-planned' }>

/** What is changed where, for the record of a run: hosts with the same change together, the most hosts first. */
export function changesOf(
  plans: readonly Pick<HostPlan, 'host' | 'verdict' | 'diff'>[],
): readonly ChangePlanned[] {
  const kinds = new Map<string, { readonly hosts: string[]; readonly diff: readonly DiffLine[] }>()
  const keyOf = makeKeys()
  for (const { host, verdict, diff } of plans) {
    if (verdict !== 'change') continue
    const key = keyOf(diff)
    const kind = kinds.get(key)
    if (kind) kind.hosts.push(host)
    else kinds.set(key, { hosts: [host], diff })
  }
  const sorted = [...kinds.values()].sort((a, b) => b.hosts.length - a.hosts.length)
  return sorted
    .slice(0, MOST_KINDS)
    .map(({ hosts, diff }) => ({ type: 'change-planned', hosts, ...shorten(diff) }))
}

/** Hosts that are alike share their diff, and then it is written out once. */
function makeKeys(): (diff: readonly DiffLine[]) => string {
  const known = new Map<readonly DiffLine[], string>()
  return diff => {
    const key = known.get(diff) ?? JSON.stringify(diff)
    known.set(diff, key)
    return key
  }
}

function shorten(diff: readonly DiffLine[]): { diff: readonly ChangedLine[]; more?: number } {
  const near = withoutFar(diff)
  if (near.length <= MOST_LINES) return { diff: near }
  return { diff: near.slice(0, MOST_LINES), more: near.length - MOST_LINES }
}

function withoutFar(diff: readonly DiffLine[]): readonly ChangedLine[] {
  const kept: ChangedLine[] = []
  let hidden = 0
  for (const [at, line] of diff.entries()) {
    if (!isNear(diff, at)) {
      hidden += 1
      continue
    }
    kept.push(hidden > 0 && isSameChain(line, diff[at - 1]) ? { ...line, hidden } : line)
    hidden = 0
  }
  return kept
}

const isNear = (diff: readonly DiffLine[], at: number) =>
  diff
    .slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1)
    .some(line => line.kind !== ' ' && isSameChain(line, diff[at]))

const isSameChain = (a: DiffLine, b: DiffLine | undefined) =>
  b !== undefined && a.family === b.family && a.table === b.table && a.chain === b.chain
