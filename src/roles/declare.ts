import { isCollection, isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { FleetError } from '../model/error.ts'
import type { Args, Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import { type Declaration, type DeclaredVariable, VARIABLE_TYPES } from './template.ts'
import { readValue, spell } from './values.ts'

/** Names that a template has without declaring them, or that are words of the engine. */
const RESERVED = ['family', 'host', 'this', 'accept', 'drop', 'reject', 'log', 'eq', 'if', 'unless', 'each']

const FRONT_MATTER = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m
const KEYS = ['role', 'byGroup', 'order', 'vars']
const VARIABLE_KEYS = ['type', 'default', 'values']

interface Reading {
  readonly file: string
  readonly lines: LineCounter
  readonly findings: Finding[]
}

/** Reads a template's front matter; all that is wrong with it is in `findings`. A template without one declares nothing. */
export function declare(text: string, file: string): { declaration: Declaration; findings: Finding[] } {
  const match = text.startsWith('---') ? FRONT_MATTER.exec(text) : null
  const lines = new LineCounter()
  const reading: Reading = { file, lines, findings: [] }
  if (text.startsWith('---') && match?.index !== 0) report(reading, 'front-matter-open', {}, 0)
  if (!text.startsWith('---')) reading.findings.push(...findLate(text, file))
  const front = match?.[1] ?? ''
  const root = readYaml(reading, front)
  const above = (match?.[0] ?? '').split('\n').length - 1
  const body = '\n'.repeat(above) + text.slice(match?.[0].length ?? 0)
  return { declaration: { ...readRoot(reading, root), body }, findings: reading.findings }
}

/** A line of front matter where there is none: nothing of it would be known. */
function findLate(text: string, file: string): Finding[] {
  const line = text.split('\n').findIndex(one => /^(---\s*$|(role|byGroup|order|vars):)/.test(one)) + 1
  return line === 0 ? [] : [new FleetError('front-matter-late', {}, { at: { file, line } }).finding]
}

function readYaml(reading: Reading, text: string): YAMLMap | undefined {
  const document = parseDocument(text, { lineCounter: reading.lines, uniqueKeys: true })
  for (const error of document.errors) {
    report(reading, 'front-matter-yaml', { message: error.message.split('\n')[0] ?? '' }, error.pos[0])
  }
  if (document.errors.length > 0 || document.contents === null) return undefined
  if (isMap(document.contents)) return document.contents
  report(reading, 'front-matter-shape', { key: 'front matter', expected: 'keys and values' }, 0)
  return undefined
}

function readRoot(reading: Reading, root: YAMLMap | undefined): Omit<Declaration, 'body'> {
  const vars = new Map<string, DeclaredVariable>()
  let role = ''
  let byGroup = true
  let first = false
  for (const { key, value, offset } of pairs(reading, root, KEYS)) {
    if (key === 'vars') readVariables(reading, value, offset, vars)
    else if (key === 'role') role = spell(plain(value)) ?? ''
    else if (key === 'byGroup') byGroup = expect(reading, key, plain(value), [true, false], offset) !== false
    else first = expect(reading, key, plain(value), ['first', 'normal'], offset) === 'first'
  }
  return { role, byGroup, first, vars }
}

function readVariables(reading: Reading, node: unknown, offset: number, vars: Map<string, DeclaredVariable>) {
  if (!isMap(node)) {
    if (plain(node) !== null)
      report(reading, 'front-matter-shape', { key: 'vars', expected: 'names with types' }, offset)
    return
  }
  for (const { key, value, offset } of pairs(reading, node)) {
    const variable = readVariable(reading, key, value, offset)
    if (variable) vars.set(key, variable)
  }
}

function readVariable(reading: Reading, name: string, node: unknown, offset: number) {
  if (!/^[A-Za-z_]\w*$/.test(name) || RESERVED.includes(name)) {
    report(reading, 'front-matter-name', { name }, offset)
    return undefined
  }
  if (!isMap(node)) {
    report(reading, 'front-matter-shape', { key: name, expected: '{type: ..., default: ...}' }, offset)
    return undefined
  }
  const said = new Map(pairs(reading, node, VARIABLE_KEYS).map(({ key, value }) => [key, plain(value)]))
  const type = expect(reading, `type of ${name}`, said.get('type'), VARIABLE_TYPES, offset)
  if (type === undefined) return undefined
  const at = place(reading, offset)
  const variable = { name, type, values: enumValues(said), default: said.get('default'), at }
  checkDefault(reading, variable, offset)
  return variable
}

function enumValues(said: ReadonlyMap<string, unknown>): string[] {
  const values = said.get('values')
  return Array.isArray(values) ? values.map(value => spell(value) ?? '') : []
}

function checkDefault(reading: Reading, variable: DeclaredVariable, offset: number) {
  if (variable.type === 'enum' && variable.values.length === 0) {
    report(
      reading,
      'front-matter-shape',
      { key: variable.name, expected: 'values: [...] for an enum' },
      offset,
    )
  } else if (variable.default !== undefined && variable.type !== 'sources') {
    const { problem } = readValue(variable, variable.default)
    if (problem)
      report(
        reading,
        'front-matter-default',
        { name: variable.name, type: variable.type, ...problem },
        offset,
      )
  }
}

/** The value if it is one of `allowed`; otherwise a finding with the nearest. */
function expect<T extends string | boolean>(
  reading: Reading,
  key: string,
  value: unknown,
  allowed: readonly T[],
  offset: number,
): T | undefined {
  const found = allowed.find(one => one === value)
  if (found !== undefined) return found
  const words = allowed.map(String)
  const got = spell(value) ?? ''
  report(
    reading,
    'front-matter-value',
    { key, got, allowed: words, nearest: nearest(got, words) ?? null },
    offset,
  )
  return undefined
}

function pairs(reading: Reading, map: YAMLMap | undefined, allowed?: readonly string[]) {
  const read = (map?.items ?? []).map(pair => readPair(pair))
  for (const { key, offset } of read) {
    if (allowed && !allowed.includes(key)) {
      report(
        reading,
        'front-matter-key',
        { key, allowed: [...allowed], nearest: nearest(key, allowed) ?? null },
        offset,
      )
    }
  }
  return read.filter(({ key }) => allowed?.includes(key) ?? true)
}

function readPair(pair: Pair) {
  const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
  return { key, value: pair.value, offset: isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0 }
}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value
  return isCollection(node) ? node.toJSON() : node
}

/** The front matter begins on line 2, below its `---`. */
const place = ({ file, lines }: Reading, offset: number) => ({ file, line: lines.linePos(offset).line + 1 })

function report(reading: Reading, code: string, args: Args, offset: number) {
  reading.findings.push({ code, severity: 'error', args, at: place(reading, offset) })
}
