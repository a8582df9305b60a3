import type { Args, Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'
import type { Value, Variable } from '../model/value.ts'
import { readHostNames } from './host-name.ts'
import { hideJinja } from './opaque.ts'
import { parseLiteral } from './python-literal.ts'
import { splitWords } from './shell-words.ts'
import type { Reading, Statement } from './statement.ts'

const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/
const CHILD = /^([^:\]\s]+)\s*(?:#.*)?$/
/** What Python's `splitlines` takes for the end of a line, but for the control characters that nobody writes. */
const LINE_END = /\r\n|[\n\r\v\f\x85\u2028\u2029]/
const KINDS = ['hosts', 'children', 'vars'] as const

type Kind = (typeof KINDS)[number]
/** The section that a line stands in; after a bad header its lines are left out, to report the header alone. */
interface Section {
  readonly group: string
  readonly kind: Kind | 'unreadable'
}

/** Reads an INI inventory as Ansible does, except that every line which can't be read is a finding. */
export function parseIni(text: string, file: string): Reading {
  const statements: Statement[] = []
  const findings: Finding[] = []
  let section: Section = { group: 'ungrouped', kind: 'hosts' }
  for (const [index, raw] of text.split(LINE_END).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const at = { file, line: index + 1 }
    const report = (code: string, args: Args) => findings.push({ code, severity: 'error', args, at })
    if (isHeader(line)) {
      section = readHeader(line, report)
      if (section.kind !== 'unreadable') {
        statements.push({ kind: 'group', name: section.group, declares: section.kind !== 'vars', at })
      }
    } else statements.push(...READERS[section.kind](line, section.group, at, report))
  }
  return { statements, findings }
}

type Report = (code: string, args: Args) => void
type Reader = (line: string, group: string, at: Place, report: Report) => Statement[]

const READERS: Readonly<Record<Section['kind'], Reader>> = {
  hosts: readHostLine,
  children: readChildLine,
  vars: readVariableLine,
  unreadable: () => [],
}

const isHeader = (line: string) =>
  SECTION.test(line) || (line.startsWith('[') && /\](\s*[;#].*)?$/.test(line))

function readHeader(line: string, report: Report): Section {
  const [, group, kind = 'hosts'] = SECTION.exec(line) ?? []
  if (group === undefined) {
    report('inventory-bad-section', { text: line })
    return { group: '', kind: 'unreadable' }
  }
  const known = KINDS.find(name => name === kind)
  if (known === undefined) {
    report('inventory-bad-section-kind', { group, kind, nearest: nearest(kind, KINDS) ?? null })
  }
  return { group, kind: known ?? 'unreadable' }
}

function readHostLine(line: string, group: string, at: Place, report: Report): Statement[] {
  const split = splitWords(line)
  if ('why' in split) {
    report('inventory-unbalanced', { text: line, why: split.why })
    return []
  }
  const [word = '', ...assignments] = split.words
  const hosts = readHostNames(word)
  if ('why' in hosts) report('inventory-bad-host-name', { text: word, why: hosts.why })
  const variables = new Map<string, Variable>()
  const unread: string[] = []
  for (const assignment of assignments) {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? []
    if (name === undefined || text === undefined) unread.push(assignment)
    else variables.set(name, { value: readValue(text), at })
  }
  if (unread.length > 0) report('inventory-bad-assignment', { text: unread.join(' ') })
  if ('why' in hosts) return []
  const { names, port } = hosts
  return names.map(name => ({
    kind: 'host',
    name,
    group,
    variables,
    at,
    ...(port === undefined ? {} : { port }),
  }))
}

function readChildLine(line: string, parent: string, at: Place, report: Report): Statement[] {
  const child = CHILD.exec(line)?.[1]
  if (child !== undefined) return [{ kind: 'child', parent, child, at }]
  report('inventory-bad-child', { text: line, group: parent })
  return []
}

function readVariableLine(line: string, group: string, at: Place, report: Report): Statement[] {
  const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(line) ?? []
  if (name.trim() === '') {
    report('inventory-bad-variable', { text: line, group })
    return []
  }
  return [{ kind: 'variable', group, name: name.trim(), variable: { value: readValue(text.trim()), at } }]
}

/** A Python literal where it is one, else the text as it stands. */
function readValue(text: string): Value {
  const literal = parseLiteral(text)
  return hideJinja(literal === undefined ? text : literal.value)
}
