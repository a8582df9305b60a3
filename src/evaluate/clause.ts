import type { Rule } from '../ruleset/ruleset.ts'
import { tokenize } from '../ruleset/tokens.ts'

/** One thing that a rule asks of a packet. `option` is '' for the mere loading of a match (`-m limit`). */
export interface Condition {
  readonly module: string
  readonly option: string
  readonly negated: boolean
  readonly args: readonly string[]
}

/** A rule, read: all conditions hold, then the target. */
export interface Clause {
  readonly conditions: readonly Condition[]
  /** Undefined for a rule that only counts. */
  readonly target: string | undefined
  readonly goto: boolean
  /** The words that belong to the target. */
  readonly targetOptions: readonly string[]
}

const read = new WeakMap<Rule, Clause>()

/** The clause of a rule; rules never change, so each is read once. */
export function clauseOf(rule: Rule): Clause {
  const known = read.get(rule)
  if (known) return known
  const clause = readClause(rule.text)
  read.set(rule, clause)
  return clause
}

const LONG: Readonly<Record<string, string>> = {
  '--protocol': '-p',
  '--proto': '-p',
  '--source': '-s',
  '--src': '-s',
  '--destination': '-d',
  '--dst': '-d',
  '--in-interface': '-i',
  '--out-interface': '-o',
  '--match': '-m',
  '--jump': '-j',
  '--goto': '-g',
  '--fragment': '-f',
  '--source-port': '--sport',
  '--destination-port': '--dport',
  '--source-ports': '--sports',
  '--destination-ports': '--dports',
}
/** Options of a rule itself, wherever they stand, even behind the target. */
const OWN = new Set(['-p', '-s', '-d', '-i', '-o', '-f', '-m', '-j', '-g'])
/** Options whose one word may say anything, a word that looks like an option included. */
const FREE_TEXT = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--string',
  '--hex-string',
  '--name',
])

interface Part {
  readonly option: string
  readonly negated: boolean
  readonly args: readonly string[]
}

function readClause(text: string): Clause {
  const conditions: Condition[] = []
  const targetOptions: string[] = []
  let target: Part | undefined
  let module = ''
  for (const part of partsOf(tokenize(text))) {
    if (part.option === '-j' || part.option === '-g') target = part
    else if (part.option === '-m') {
      module = part.args[0] ?? ''
      conditions.push({ module, option: '', negated: false, args: [] })
    } else if (target && !OWN.has(part.option) && !isLateMatch(conditions, part)) {
      targetOptions.push(part.option, ...part.args)
    } else conditions.push({ module, ...part })
  }
  return { conditions, target: target?.args[0], goto: target?.option === '-g', targetOptions }
}

/** `-j ACCEPT -m limit --limit 1/s`: after a match was named behind the target, options are the match's. */
const isLateMatch = (conditions: readonly Condition[], part: Part) =>
  conditions.at(-1)?.module !== '' && conditions.at(-1)?.option === '' && part.option.startsWith('--')

function partsOf(words: readonly string[]): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < words.length; ) {
    const negated = words[at] === '!'
    const first = at + Number(negated)
    const option = LONG[words[first] ?? ''] ?? words[first] ?? ''
    const end = FREE_TEXT.has(option) ? first + 2 : endOfArgs(words, first + 1)
    parts.push({ option, negated, args: words.slice(first + 1, end) })
    at = end
  }
  return parts
}

function endOfArgs(words: readonly string[], from: number): number {
  const next = words.findIndex((word, at) => at >= from && (word === '!' || /^--?[a-z]/i.test(word)))
  return next === -1 ? words.length : next
}
