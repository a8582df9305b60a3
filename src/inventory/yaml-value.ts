import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Scalar,
} from 'yaml'
import type { Args, Finding } from '../model/finding.ts'
import { Opaque, type Value } from '../model/value.ts'
import { isJinja } from './opaque.ts'
import { isSexagesimal, readJsonScalar, readPlainScalar } from './yaml-scalar.ts'

/** A document on its way to values. Aliased nodes are read once, so that a bomb of them stays small. */
export interface YamlSource {
  readonly document: Document
  readonly lines: LineCounter
  readonly file: string
  /** Whether Ansible would have taken the text for JSON, which types numbers otherwise. */
  readonly json: boolean
  readonly seen: Map<Node, Value>
  readonly findings: Finding[]
}

/** A pair of a mapping, merge keys (`<<`) resolved. */
export interface Entry {
  readonly key: string
  /** Whether the key is text by itself, and not a number or `true`. */
  readonly isText: boolean
  readonly node: Node | null
  readonly line: number
}

const CORE = 'tag:yaml.org,2002:'

/** The value of a node as Ansible types it; what it can't be read as is a finding. */
export function readNode(source: YamlSource, given: Node | null): Value {
  const node = isAlias(given) ? given.resolve(source.document) : given
  if (node === null || node === undefined) return null
  const known = source.seen.get(node)
  if (known !== undefined) return known
  const value = isScalar(node) ? readScalar(source, node) : readCollection(source, node)
  source.seen.set(node, value)
  return value
}

function readCollection(source: YamlSource, node: Node): Value {
  if (node.tag !== undefined && ![`${CORE}map`, `${CORE}seq`, '!unsafe'].includes(node.tag)) {
    report(source, 'vars-unknown-tag', { tag: node.tag }, node)
    return null
  }
  if (isSeq(node)) return node.items.map(item => readNode(source, asNode(item)))
  if (!isMap(node)) return null
  const entries = readEntries(source, node)
  const vault = entries.find(({ key }) => source.json && key === '__ansible_vault')
  if (vault) return new Opaque('vault', isScalar(vault.node) ? textOf(vault.node.value) : '')
  return Object.fromEntries(entries.map(({ key, node }) => [key, readNode(source, node)]))
}

/** The pairs of a mapping in order, those of a merge first, since its own override them. */
export function readEntries(source: YamlSource, node: Node | null): Entry[] {
  const map = isAlias(node) ? node.resolve(source.document) : node
  if (!isMap(map)) return []
  const merged: Entry[] = []
  const own: Entry[] = []
  for (const pair of map.items) {
    const [key, node] = [asNode(pair.key), asNode(pair.value)]
    if (isMerge(key) && !source.json) merged.push(...readMerge(source, node))
    else own.push({ key: keyOf(source, key), isText: isText(source, key), node, line: lineOf(source, key) })
  }
  return [...merged, ...own]
}

const isMerge = (key: Node | null) => isScalar(key) && key.value === '<<' && key.type === 'PLAIN'

const isText = (source: YamlSource, key: Node | null) => typeof readNode(source, key) === 'string'

/** One mapping or a list of them, of which the first wins. */
function readMerge(source: YamlSource, given: Node | null): Entry[] {
  const node = isAlias(given) ? given.resolve(source.document) : given
  const maps = isSeq(node) ? node.items.map(asNode).reverse() : [node ?? null]
  return maps.flatMap(map => readEntries(source, map))
}

/** Keys other than strings as JSON writes them. */
function keyOf(source: YamlSource, key: Node | null): string {
  const value = readNode(source, key)
  if (typeof value !== 'object') return String(value)
  if (value !== null) report(source, 'vars-bad-key', {}, key)
  return 'null'
}

function readScalar(source: YamlSource, node: Scalar): Value {
  const { value: raw, type, tag } = node
  const text = textOf(raw)
  if (tag === '!vault' || tag === '!vault-encrypted') return new Opaque('vault', text)
  if (tag === '!unsafe') return text
  const plain = type === 'PLAIN' || raw === null
  if (tag !== undefined && tag !== '!') return readTagged(source, node, tag, text)
  if (!plain || tag === '!') return isJinja(text) ? new Opaque('jinja', text) : text
  if (source.json) return readJsonScalar(text)
  if (isSexagesimal(text)) {
    report(source, 'vars-sexagesimal', { text, value: Number(readPlainScalar(text)) }, node, 'warning')
  }
  return isJinja(text) ? new Opaque('jinja', text) : readPlainScalar(text)
}

function readTagged(source: YamlSource, node: Node, tag: string, text: string): Value {
  if (tag === `${CORE}str`) return isJinja(text) ? new Opaque('jinja', text) : text
  const value = readPlainScalar(text)
  const fits = {
    [`${CORE}int`]: typeof value === 'bigint' || Number.isInteger(value),
    [`${CORE}float`]: typeof value === 'number',
    [`${CORE}bool`]: typeof value === 'boolean',
    [`${CORE}null`]: value === null,
  }[tag]
  if (fits === undefined) report(source, 'vars-unknown-tag', { tag }, node)
  else if (!fits) report(source, 'vars-wrong-tag', { tag: tag.replace(CORE, '!!'), text }, node)
  return value
}

function lineOf(source: YamlSource, node: Node | null): number {
  return source.lines.linePos(node?.range?.[0] ?? 0).line
}

function report(
  source: YamlSource,
  code: string,
  args: Args,
  node: Node | null,
  severity: 'error' | 'warning' = 'error',
) {
  source.findings.push({ code, severity, args, at: { file: source.file, line: lineOf(source, node) } })
}

const asNode = (item: unknown): Node | null => (isNode(item) ? item : null)

/** The failsafe schema leaves every scalar as text, and an empty one as null. */
const textOf = (raw: unknown) => (typeof raw === 'string' ? raw : '')
