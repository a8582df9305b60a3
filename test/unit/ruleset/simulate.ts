import type { Ruleset } from '../../../src/ruleset/ruleset.ts'
import { isBuiltIn } from '../../../src/ruleset/ruleset.ts'
import { targetOf } from '../../../src/ruleset/tokens.ts'

interface Chain {
  policy: 'ACCEPT' | 'DROP' | null
  rules: string[]
}
type Table = Map<string, Chain>
type State = Map<string, Table>

/** What `iptables-restore --noflush` makes of a payload, or the error with which it would refuse it. */
export function simulate(live: Ruleset, payload: string): Ruleset {
  const state = open(live)
  let table: Table = new Map()
  let name = ''
  for (const line of payload.split('\n').filter(Boolean)) {
    if (line.startsWith('*')) {
      name = line.slice(1)
      table = state.get(name) ?? new Map()
      state.set(name, table)
    } else if (line === 'COMMIT') checkTargets(table)
    else run(table, name, line)
  }
  return close(live, state)
}

function run(table: Table, name: string, line: string): void {
  const [verb = '', chainName = '', ...rest] = line.split(' ')
  if (verb.startsWith(':')) {
    declare(table, name, verb.slice(1), chainName)
    return
  }
  const chain = table.get(chainName) ?? (isBuiltIn(name, chainName) ? make(table, chainName) : undefined)
  if (!chain) throw new Error(`no chain: ${line}`)
  const text = rest.join(' ')
  if (verb === '-A') chain.rules.push(text)
  else if (verb === '-I') insert(chain, Number(rest[0]), rest.slice(1).join(' '))
  else if (verb === '-D') remove(chain, text)
  else if (verb === '-X') drop(table, chainName)
  else throw new Error(`unknown: ${line}`)
}

function make(table: Table, name: string): Chain {
  const chain: Chain = { policy: 'ACCEPT', rules: [] }
  table.set(name, chain)
  return chain
}

function declare(table: Table, tableName: string, name: string, policy: string): void {
  if (!isBuiltIn(tableName, name)) table.set(name, { policy: null, rules: [] })
  else (table.get(name) ?? make(table, name)).policy = policy === 'DROP' ? 'DROP' : 'ACCEPT'
}

function insert(chain: Chain, at: number, text: string): void {
  if (!(at >= 1 && at <= chain.rules.length + 1)) throw new Error(`index of insertion too big: ${at}`)
  chain.rules.splice(at - 1, 0, text)
}

function remove(chain: Chain, text: string): void {
  const at = chain.rules.indexOf(text)
  if (at === -1) throw new Error(`no such rule: ${text}`)
  chain.rules.splice(at, 1)
}

function drop(table: Table, name: string): void {
  if (table.get(name)?.rules.length !== 0) throw new Error(`not empty: ${name}`)
  if ([...table.values()].some(({ rules }) => rules.some(text => targetOf(text) === name))) {
    throw new Error(`in use: ${name}`)
  }
  table.delete(name)
}

const TARGETS = new Set(['ACCEPT', 'DROP', 'RETURN', 'REJECT'])

function checkTargets(table: Table): void {
  for (const { rules } of table.values()) {
    for (const text of rules) {
      const target = targetOf(text)
      if (target !== undefined && !TARGETS.has(target) && !table.has(target)) {
        throw new Error(`no target: ${text}`)
      }
    }
  }
}

function open(live: Ruleset): State {
  return new Map(
    [...live.tables].map(([name, table]) => [
      name,
      new Map(
        [...table].map(([chain, { policy, rules }]) => [
          chain,
          { policy, rules: rules.map(({ text }) => text) },
        ]),
      ),
    ]),
  )
}

function close(live: Ruleset, state: State): Ruleset {
  return {
    family: live.family,
    tables: new Map(
      [...state].map(([name, table]) => [
        name,
        new Map(
          [...table].map(([chain, { policy, rules }]) => [
            chain,
            { name: chain, policy, rules: rules.map(text => ({ text })) },
          ]),
        ),
      ]),
    ),
  }
}
