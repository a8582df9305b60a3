import { printSpans, type Spans, spansOf, takeOut, uniteAll } from '../address/spans.ts'
import type { Feed } from '../config/feeds.ts'
import type { Finding } from '../model/finding.ts'
import type { Current } from './refresh.ts'
import { hashOf } from './store.ts'

/** What one host is to have of all feeds together. */
export interface HostList {
  /** A network a line, as ipset prints it, sorted by bytes: as hosts keep it. */
  readonly text: string
  readonly hash: string
  readonly networks: number
  readonly feeds: readonly string[]
  /**
   * Epoch milliseconds: each of its feeds was known to say so then; 0 where none is meant for it. A host that has heard of
   * a later list keeps that one.
   */
  readonly at: number
  /** Feeds that are meant for it, and whose list isn't known here. */
  readonly lacks: readonly string[]
  /** Why it may not be sent. */
  readonly wrong?: Finding
}

/** What a set of a host has room for, with some left. */
const ROOM = 1_000_000

/**
 * What each host is to have: the feeds for all, and those whose `limit` means it, but for what nobody may block
 * (`guarded`: the fleet itself and who manages it). Hosts that are meant by the same feeds get the same object.
 */
export function listsOf(
  feeds: readonly Feed[],
  currents: ReadonlyMap<string, Current>,
  guarded: readonly string[],
  hostsOf: (limit: string) => readonly string[],
): (host: string) => HostList {
  const blocked = feeds.filter(({ isForRoles }) => !isForRoles)
  const meant = blocked.map(({ name, limit }) => ({
    name,
    hosts: limit === undefined ? undefined : new Set(hostsOf(limit)),
  }))
  const out = spansOf(guarded)
  const made = new Map<string, HostList>()
  return host => {
    const mine = meant.filter(({ hosts }) => hosts?.has(host) ?? true).map(({ name }) => name)
    const key = JSON.stringify(mine)
    const list = made.get(key) ?? makeList(mine, currents, out)
    made.set(key, list)
    return list
  }
}

function makeList(names: readonly string[], currents: ReadonlyMap<string, Current>, out: Spans): HostList {
  const mine = names.flatMap(name => currents.get(name) ?? [])
  const networks = printSpans(takeOut(out, uniteAll(mine.flatMap(({ spans }) => spans ?? []))))
  const text = [...networks[4], ...networks[6]].sort().join('\n')
  const most = Math.max(networks[4].length, networks[6].length)
  const args = { networks: most, room: ROOM, feeds: names }
  const wrong: Finding = { code: 'feeds-too-many', severity: 'error', args }
  const whole = text === '' ? '' : `${text}\n`
  return {
    text: whole,
    hash: hashOf(whole),
    networks: networks[4].length + networks[6].length,
    feeds: names,
    at: mine.length === 0 ? 0 : Math.floor(Math.min(...mine.map(({ checked }) => checked ?? 0))),
    lacks: names.filter(name => !currents.get(name)?.spans),
    ...(most > ROOM ? { wrong } : {}),
  }
}

/** What makes the one text the other: `-` and `+` lines, sorted by what they name. Both are as HostList has them. */
export function differenceOf(before: string, after: string): string {
  const [was, is] = [before.split('\n'), after.split('\n')]
  const lines: string[] = []
  let [w, i] = [0, 0]
  // Each ends with an empty line, behind which nothing is.
  while (was[w] || is[i]) {
    const [old = '', now = ''] = [was[w], is[i]]
    if (old === now) [w, i] = [w + 1, i + 1]
    else if (now === '' || (old !== '' && old < now)) {
      lines.push(`-${old}\n`)
      w++
    } else {
      lines.push(`+${now}\n`)
      i++
    }
  }
  return lines.join('')
}
