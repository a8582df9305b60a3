import { after, commonPrefix, ownedTexts } from './after.ts'
import { ruleLine } from './print.ts'
import { type Chain, isBuiltIn, type Rule, type Ruleset, type Table } from './ruleset.ts'

export interface Transition {
  /** For `iptables-restore --noflush` of the ruleset's family; empty where nothing changes. */
  readonly payload: string
  readonly kept: readonly string[]
  readonly released: readonly string[]
}

export interface Change {
  readonly do: Transition
  /** Takes what `do` leaves back to the live rules as they were, foreign positions and policies included. */
  readonly undo: Transition
  /** The whole live ruleset after `do`. */
  readonly after: Ruleset
}

interface Options {
  /** Foreign jumps that stay before the owned rules where none of those stood yet. */
  readonly isPreserved?: (ruleText: string) => boolean
  /** In raw the owned rules stand before all others but those of which this is so, wherever they stood. */
  readonly isBeforeRaw?: (ruleText: string) => boolean
  /** Where rules only go, those that stay keep their places among the rules of others. */
  readonly isLeaving?: boolean
}

/**
 * The payload that takes the owned rules from `ownedNow` to `wanted` in the live ruleset.
 * Promises:
 *   1. A built-in chain is never flushed: rules go by their words (`-D`), so whatever others put in between
 *      observation and apply stays, and only owned rules go.
 *   2. Owned rules stand in their wanted order even if somebody inserts at the top meanwhile: no owned rule
 *      is inserted behind one that stays; either all that follows is appended, or all are made anew.
 *   3. A chain is filled before a rule refers to it, and deleted after the last rule that does.
 *   4. Everything of a table is one commit, and a policy that doesn't change isn't mentioned.
 */
export function transition(
  live: Ruleset,
  ownedNow: Ruleset,
  wanted: Ruleset,
  options: Options = {},
): Transition {
  return change(live, ownedNow, wanted, options).do
}

/** Both directions of a transition. `undo` is made from the same edits, so it gives back exactly `live`. */
export function change(live: Ruleset, ownedNow: Ruleset, wanted: Ruleset, options: Options = {}): Change {
  const isPreserved = options.isPreserved ?? (() => false)
  const { ruleset, kept, released } = after({ live, ownedNow, wanted, ...options, isPreserved })
  const mine = (table: string, chain: string) =>
    ownedTexts(ownedNow.tables.get(table)?.get(chain), wanted.tables.get(table)?.get(chain))
  return {
    do: { payload: edits(live, ruleset, mine), kept, released },
    undo: { payload: edits(ruleset, live, mine), kept: [], released: [] },
    after: ruleset,
  }
}

type Mine = (table: string, chain: string) => ReadonlySet<string>

function edits(from: Ruleset, to: Ruleset, mine: Mine): string {
  const names = [...new Set([...from.tables.keys(), ...to.tables.keys()])]
  return names
    .map(name => {
      const was = from.tables.get(name) ?? new Map<string, Chain>()
      return tableEdits(name, was, to.tables.get(name) ?? emptied(name, was), mine)
    })
    .join('')
}

/** A table can't be deleted through iptables: what comes back is its built-in chains, empty and ACCEPT. */
function emptied(table: string, was: Table): Table {
  const builtIn = [...was.values()].filter(({ name }) => isBuiltIn(table, name))
  return new Map(builtIn.map(({ name }) => [name, { name, policy: 'ACCEPT', rules: [] }]))
}

function tableEdits(name: string, from: Table, to: Table, mine: Mine): string {
  const chains = [...new Set([...from.keys(), ...to.keys()])]
  const parts = chains.map(chain =>
    isBuiltIn(name, chain)
      ? builtInEdits(chain, from.get(chain), to.get(chain), mine(name, chain))
      : userEdits(chain, from.get(chain), to.get(chain)),
  )
  const ordered = PHASES.flatMap(phase => parts.flatMap(part => part[phase] ?? []))
  return ordered.length === 0 ? '' : `*${name}\n${ordered.join('\n')}\nCOMMIT\n`
}

/** In this order: a chain stands before it is referred to, and is deleted when nothing refers to it. */
const PHASES = ['declare', 'remove', 'fill', 'insert', 'drop'] as const
type Edits = Partial<Record<(typeof PHASES)[number], readonly string[]>>

/** Under `--noflush` declaring a user chain makes it, or empties it where it stands; on both backends. */
function userEdits(chain: string, from: Chain | undefined, to: Chain | undefined): Edits {
  if (from && to && isSame(from.rules, to.rules)) return {}
  const declare = [`:${chain} - [0:0]`]
  if (!to) return { declare, drop: [`-X ${chain}`] }
  return { declare, fill: to.rules.map(({ text }) => ruleLine('-A', chain, text)) }
}

function builtInEdits(
  chain: string,
  from: Chain | undefined,
  to: Chain | undefined,
  mine: ReadonlySet<string>,
): Edits {
  const policy = to?.policy ?? 'ACCEPT'
  // A chain of a table that isn't there yet is named even as ACCEPT: that alone makes the table.
  const declare = policy === from?.policy ? [] : [`:${chain} ${policy} [0:0]`]
  return { declare, ...ruleEdits(chain, from?.rules ?? [], to?.rules ?? [], mine) }
}

function ruleEdits(
  chain: string,
  from: readonly Rule[],
  to: readonly Rule[],
  mine: ReadonlySet<string>,
): Edits {
  if (isSame(from, to)) return {}
  const stays = canReplaceTail(from, to, mine) ? commonPrefix(from, to) : 0
  const going = from.filter(({ text }, at) => at >= stays && mine.has(text))
  const isForeign = ({ text }: Rule) => !mine.has(text)
  const lastForeign = to.findLastIndex(isForeign)
  const insert = to.flatMap((rule, at) => {
    if (at < stays || isForeign(rule)) return []
    return at > lastForeign
      ? [ruleLine('-A', chain, rule.text)]
      : [ruleLine('-I', `${chain} ${at + 1}`, rule.text)]
  })
  return { remove: going.map(({ text }) => ruleLine('-D', chain, text)), insert }
}

/** Only if all that follows is owned, and no word of it would delete (`-D` takes the first match) one that stays. */
function canReplaceTail(from: readonly Rule[], to: readonly Rule[], mine: ReadonlySet<string>): boolean {
  const same = commonPrefix(from, to)
  const going = new Set(from.slice(same).map(({ text }) => text))
  if (from.slice(0, same).some(({ text }) => going.has(text))) return false
  return [...from.slice(same), ...to.slice(same)].every(({ text }) => mine.has(text))
}

const isSame = (a: readonly Rule[], b: readonly Rule[]) =>
  a.length === b.length && commonPrefix(a, b) === a.length
