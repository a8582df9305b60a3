import { FleetError } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import type { Args, Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import {
  BUILT_IN,
  type Chain,
  isBuiltIn,
  type Policy,
  type Rule,
  type Ruleset,
  type Table,
} from '../ruleset/ruleset.ts'
import type { Line } from './marks.ts'
import { near } from './names.ts'
import { readRule } from './rule-words.ts'
import { readStatement } from './statement.ts'

/** What a role said, line by line. */
export interface RoleLines {
  readonly role: string
  readonly file: string
  readonly lines: readonly Line[]
}

interface OpenChain {
  readonly name: string
  policy: Policy | null
  /** Who said the policy, or made the chain; undefined where rules only used a chain. */
  declared: { readonly role: string; readonly at: Place } | undefined
  readonly rules: Rule[]
}

interface Composing {
  readonly family: Family
  readonly tables: Map<string, Map<string, OpenChain>>
  readonly findings: Finding[]
}

/** The chain names that iptables takes. */
const LONGEST_CHAIN = 28

/**
 * Joins what the roles said into one ruleset: tables and chains united, rules in the roles' order, built-in
 * chains first. Two different policies for one chain, and every line that is no such word, are findings.
 * A built-in chain that nobody gave a policy has null: its policy isn't owned.
 */
export function compose(
  roles: readonly RoleLines[],
  family: Family,
): { ruleset: Ruleset; findings: Finding[] } {
  const composing: Composing = { family, tables: new Map(), findings: [] }
  for (const role of roles) addRole(composing, role)
  for (const [table, chains] of composing.tables) checkChains(composing, table, chains)
  return { ruleset: { family, tables: sorted(composing.tables) }, findings: composing.findings }
}

function addRole(composing: Composing, { role, file, lines }: RoleLines) {
  let table: string | undefined
  let opened: Place = { file }
  for (const { text, at } of lines) {
    const statement = readStatement(text)
    if (statement.kind === 'comment') continue
    if (statement.kind === 'table') {
      table = openTable(composing, statement.table, table, at)
      opened = at
    } else if (statement.kind === 'unreadable')
      report(composing, 'rule-line', { text: text.slice(0, 100) }, at)
    else if (table === undefined) report(composing, 'rule-outside-table', { text: text.slice(0, 100) }, at)
    else if (statement.kind === 'commit') table = undefined
    else if (statement.kind === 'chain') declareChain(composing, table, statement, role, at)
    else addRule(composing, table, statement, role, at)
  }
  if (table !== undefined) report(composing, 'rule-no-commit', { table }, opened)
}

function openTable(composing: Composing, name: string, open: string | undefined, at: Place): string {
  if (open !== undefined) report(composing, 'rule-no-commit', { table: open }, at)
  const known = Object.keys(BUILT_IN)
  if (!known.includes(name))
    report(composing, 'rule-table-unknown', { table: name, nearest: near(name, known), known }, at)
  if (!composing.tables.has(name)) composing.tables.set(name, new Map())
  return name
}

function chainOf({ tables }: Composing, table: string, name: string): OpenChain {
  const chains = tables.get(table)
  const chain = chains?.get(name) ?? { name, policy: null, declared: undefined, rules: [] }
  chains?.set(name, chain)
  return chain
}

function declareChain(
  composing: Composing,
  table: string,
  { chain: name, policy }: { chain: string; policy: Policy | null },
  role: string,
  at: Place,
) {
  if (isBuiltIn(table, name) !== (policy !== null)) {
    return report(
      composing,
      policy === null ? 'chain-needs-policy' : 'chain-without-policy',
      { chain: name, table },
      at,
    )
  }
  if (name.length > LONGEST_CHAIN) {
    return report(
      composing,
      'rule-too-long',
      { option: `:${name}`, most: LONGEST_CHAIN, length: name.length },
      at,
    )
  }
  const chain = chainOf(composing, table, name)
  if (yields(chain, role, policy)) return
  if (chain.policy !== null && chain.policy !== policy && !tightens(chain, policy)) {
    const { role: other = '', at: otherAt } = chain.declared ?? {}
    const args = {
      table,
      chain: name,
      role,
      policy,
      other,
      otherPolicy: chain.policy,
      otherAt: spell(otherAt),
    }
    return report(composing, 'policy-conflict', args, at)
  }
  if (chain.policy !== policy || !chain.declared) chain.declared = { role, at }
  chain.policy = policy
}

/** base's ACCEPT is what holds where no other role says DROP: closing more is no conflict, opening is. */
const tightens = ({ declared }: OpenChain, policy: Policy | null) =>
  declared?.role === 'base' && policy === 'DROP'
const yields = (chain: OpenChain, role: string, policy: Policy | null) =>
  role === 'base' && policy === 'ACCEPT' && chain.policy === 'DROP'

const spell = (at: Place | undefined) => (at ? `${at.file}:${at.line ?? 1}` : '')

function addRule(
  composing: Composing,
  table: string,
  { chain, text }: { chain: string; text: string },
  role: string,
  at: Place,
) {
  const { texts, problems } = readRule(text, composing.family)
  for (const { code, args } of problems) report(composing, code, args, at)
  const { rules } = chainOf(composing, table, chain)
  if (rules.length === 0 && texts.length === 0) rules.push({ text, at, role })
  rules.push(...texts.map(text => ({ text, at, role })))
}

/** Only at the end: a role may use a chain that a later one declares. */
function checkChains(composing: Composing, table: string, chains: ReadonlyMap<string, OpenChain>) {
  const known = [
    ...(BUILT_IN[table] ?? []),
    ...[...chains.values()].filter(({ declared }) => declared).map(({ name }) => name),
  ]
  for (const { name, declared, rules } of chains.values()) {
    if (declared || isBuiltIn(table, name)) continue
    report(
      composing,
      'chain-undeclared',
      { table, chain: name, nearest: near(name, known), known },
      rules[0]?.at,
    )
  }
}

function sorted(tables: Composing['tables']): Map<string, Table> {
  const present = Object.keys(BUILT_IN).filter(name => tables.has(name))
  return new Map(present.map(name => [name, sortedChains(name, tables.get(name) ?? new Map())]))
}

function sortedChains(table: string, chains: ReadonlyMap<string, OpenChain>): Table {
  const builtIn = BUILT_IN[table] ?? []
  const names = [
    ...builtIn.filter(name => chains.has(name)),
    ...[...chains.keys()].filter(name => !builtIn.includes(name)),
  ]
  return new Map(names.map(name => [name, asChain(chains.get(name), name)]))
}

const asChain = (chain: OpenChain | undefined, name: string): Chain => ({
  name,
  policy: chain?.policy ?? null,
  rules: chain?.rules ?? [],
})

function report({ findings }: Composing, code: string, args: Args, at: Place | undefined) {
  findings.push(new FleetError(code, args, at ? { at } : {}).finding)
}
