import { FleetError } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import { type Chain, isBuiltIn, type Policy, type Rule, type Ruleset, type Table } from './ruleset.ts'

interface OpenChain extends Chain {
  readonly rules: Rule[]
}

interface Reading {
  readonly file: string
  /** A rule makes its built-in chain, without a policy. */
  readonly undeclared: boolean
  readonly tables: Map<string, Table>
  name: string
  /** The table between its `*` line and its COMMIT. */
  open: Map<string, OpenChain> | undefined
}

/** Rules under `-c` and chain lines carry `[packets:bytes]`. */
const CHAIN = /^:(\S+) (\S+)(?: \[\d+:\d+\])?$/
const RULE = /^(?:\[\d+:\d+\] )?-A (\S+)(?: (.*))?$/
/** What iptables-nft says in a comment about a table it can't express: its rules are missing from the save. */
const INCOMPATIBLE = /^# Table `(.+)' is incompatible/

/**
 * Reads what iptables-save or ip6tables-save prints, of either backend, with or without counters, which are
 * left out. Nothing is guessed: any other line, a rule of an undeclared chain and a save without its last
 * COMMIT are the error `save-unreadable`, a table that the save leaves out is `save-incompatible`.
 */
export function parseSave(text: string, family: Family, file = saveOf(family)): Ruleset {
  return parse(text, family, { file, undeclared: false })
}

/** Reads what `printRestore` printed: there a built-in chain whose policy isn't owned has no line of its own. */
export function parseRestore(text: string, family: Family, file: string): Ruleset {
  return parse(text, family, { file, undeclared: true })
}

function parse(text: string, family: Family, how: Pick<Reading, 'file' | 'undeclared'>): Ruleset {
  const reading: Reading = { ...how, tables: new Map(), name: '', open: undefined }
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    if (!readLine(reading, line)) throw unreadable(reading, line, index + 1)
  }
  if (reading.open) throw unreadable(reading, 'the end, before COMMIT', lines.length)
  return { family, tables: reading.tables }
}

const saveOf = (family: Family) => (family === 4 ? 'iptables-save' : 'ip6tables-save')

function unreadable(reading: Reading, text: string, line: number): FleetError {
  const table = INCOMPATIBLE.exec(text)?.[1]
  const at = { file: reading.file, line }
  if (table !== undefined) return new FleetError('save-incompatible', { table }, { at })
  return new FleetError('save-unreadable', { text: text.slice(0, 200) }, { at })
}

function readLine(reading: Reading, line: string): boolean {
  switch (line.charAt(0)) {
    case '':
      return true
    case '#':
      return !INCOMPATIBLE.test(line)
    case '*':
      return openTable(reading, line.slice(1))
    case ':':
      return readChain(reading, line)
    case 'C':
      return line === 'COMMIT' && closeTable(reading)
    default:
      return readRule(reading, line)
  }
}

function openTable(reading: Reading, name: string): boolean {
  if (reading.open || !/^[\w-]+$/.test(name) || reading.tables.has(name)) return false
  reading.name = name
  reading.open = new Map()
  return true
}

function closeTable(reading: Reading): boolean {
  if (!reading.open) return false
  reading.tables.set(reading.name, reading.open)
  reading.open = undefined
  return true
}

function readChain({ open, name: table }: Reading, line: string): boolean {
  const [, name, said] = CHAIN.exec(line) ?? []
  if (!open || name === undefined || open.has(name)) return false
  const policy = said === 'ACCEPT' || said === 'DROP' ? (said satisfies Policy) : null
  if (policy === null ? said !== '-' || isBuiltIn(table, name) : !isBuiltIn(table, name)) return false
  open.set(name, { name, policy, rules: [] })
  return true
}

function readRule({ open, name: table, undeclared }: Reading, line: string): boolean {
  const [, chain, text = ''] = RULE.exec(line) ?? []
  if (open && undeclared && chain !== undefined && !open.has(chain) && isBuiltIn(table, chain))
    open.set(chain, { name: chain, policy: null, rules: [] })
  const rules = chain === undefined ? undefined : open?.get(chain)?.rules
  rules?.push({ text })
  return rules !== undefined
}
