import { diffArrays } from 'diff/lib/diff/array.js'
import type { Family } from '../model/family.ts'
import type { Place } from '../model/place.ts'
import { type Chain, isBuiltIn, type Rule, type Ruleset } from './ruleset.ts'

/** One line of the difference: what comes, what goes, or what stays as context. */
export interface DiffLine {
  readonly family: Family
  readonly table: string
  readonly chain: string
  readonly kind: '+' | '-' | ' '
  /** In the words of iptables-save: `:CHAIN POLICY` or `-A CHAIN ...`. */
  readonly text: string
  readonly at?: Place
}

/** Beyond this many edits a chain is shown as replaced: the search for the shortest script is quadratic in them. */
const MOST_EDITS = 300

/** Every chain that differs, whole, unchanged lines included; chains that are equal are left out. */
export function diff(now: Ruleset, wanted: Ruleset): DiffLine[] {
  const tables = new Set([...now.tables.keys(), ...wanted.tables.keys()])
  return [...tables].flatMap(table => {
    const was = now.tables.get(table) ?? new Map<string, Chain>()
    const will = wanted.tables.get(table) ?? new Map<string, Chain>()
    return [...new Set([...was.keys(), ...will.keys()])].flatMap(chain => {
      const edits = diffChain(table, was.get(chain), will.get(chain))
      if (edits.every(({ kind }) => kind === ' ')) return []
      return edits.map(edit => ({ family: wanted.family, table, chain, ...edit }))
    })
  })
}

/** Whether the owned rules are the same: tables that say nothing don't count, nor the order of chains. */
export function isEqual(now: Ruleset, wanted: Ruleset): boolean {
  return diff(now, wanted).length === 0
}

type Edit = Pick<DiffLine, 'kind' | 'text' | 'at'>

function diffChain(table: string, was: Chain | undefined, will: Chain | undefined): Edit[] {
  return [
    ...diffDeclaration(declaration(table, was), declaration(table, will)),
    ...diffRules(was?.rules ?? [], will?.rules ?? []).map(({ kind, rule }) => ({
      kind,
      text: `-A ${(will ?? was)?.name} ${rule.text}`.trimEnd(),
      ...(rule.at && { at: rule.at }),
    })),
  ]
}

function declaration(table: string, chain: Chain | undefined): string | undefined {
  if (!chain || (chain.policy === null && isBuiltIn(table, chain.name))) return undefined
  return `:${chain.name} ${chain.policy ?? '-'}`
}

function diffDeclaration(was: string | undefined, will: string | undefined): Edit[] {
  if (was === will) return was === undefined ? [] : [{ kind: ' ', text: was }]
  return [
    ...(was === undefined ? [] : [{ kind: '-', text: was } as const]),
    ...(will === undefined ? [] : [{ kind: '+', text: will } as const]),
  ]
}

interface Changed {
  readonly kind: DiffLine['kind']
  readonly rule: Rule
}

/** The new rule stands for an unchanged one: it knows its template line. */
function diffRules(was: readonly Rule[], will: readonly Rule[]): Changed[] {
  const options = { comparator: (a: Rule, b: Rule) => a.text === b.text, maxEditLength: MOST_EDITS }
  const changes = diffArrays([...was], [...will], options)
  if (!changes) return [...marked('-', was), ...marked('+', will)]
  return changes.flatMap(({ added, removed, value }) => marked(added ? '+' : removed ? '-' : ' ', value))
}

const marked = (kind: DiffLine['kind'], rules: readonly Rule[]): Changed[] =>
  rules.map(rule => ({ kind, rule }))
