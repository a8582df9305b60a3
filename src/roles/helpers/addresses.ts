import { fromWords } from '../run.ts'
import { isNobody, isWholeFamily, type Sources, setOf } from '../sources.ts'
import { type Call, has } from './call.ts'

/** What a rule says of one side: `-s NETWORK` first, or a match behind the main options. */
export interface Side {
  readonly option: readonly string[]
  readonly matches: readonly string[]
}

const WORDS = {
  from: { option: '-s', range: '--src-range', set: 'src' },
  to: { option: '-d', range: '--dst-range', set: 'dst' },
} as const

/**
 * One side a rule. Only a call without the key, or with the word `anywhere`, is without a match; a list with
 * nothing of this family is no side at all, so no rule: it never widens.
 */
export function sidesOf(call: Call, key: 'from' | 'to'): Side[] {
  if (!has(call, key)) return [ANY]
  const said = call.values[key]
  const known = fromWords(said)
  const sources = known?.sources ?? call.run.readSources(said, call.at)
  if (sources.anywhere) return [ANY]
  const entries = sources.entries[call.run.family]
  if (entries.length === 0) {
    noteNone(call, sources, known?.label ?? String(said))
    return []
  }
  if (entries.length === 1 && entries.some(isWholeFamily)) return [ANY]
  const { option, range, set: direction } = WORDS[key]
  const set = setOf(entries)
  if (set) {
    call.run.useSet(set)
    return [{ option: [], matches: ['-m', 'set', '--match-set', set.name, direction] }]
  }
  return entries.map(entry =>
    entry.range
      ? { option: [], matches: ['-m', 'iprange', range, entry.word] }
      : { option: [option, entry.word], matches: [] },
  )
}

/** Nobody by a template's default is nothing to speak of. */
function noteNone(call: Call, sources: Sources, what: string) {
  const { run, verb, at } = call
  const nobody = isNobody(sources)
  if (nobody && !run.host.variables.has(what)) return
  const args = { role: run.role, helper: verb, what, ...(nobody ? {} : { family: run.family }) }
  run.note(nobody ? 'sources-nobody' : 'sources-no-family', args, at)
}

const ANY: Side = { option: [], matches: [] }
