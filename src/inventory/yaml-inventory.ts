import { isAlias, isMap, isScalar, type Node } from 'yaml'
import type { Args } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'
import type { Variable } from '../model/value.ts'
import { readHostNames } from './host-name.ts'
import type { Reading, Statement } from './statement.ts'
import { parseYaml } from './yaml-file.ts'
import { type Entry, readEntries, readNode, type YamlSource } from './yaml-value.ts'

const SECTIONS = ['hosts', 'vars', 'children']

interface Context {
  readonly source: YamlSource
  readonly statements: Statement[]
}

/** Reads a YAML or JSON inventory as Ansible does, except that what Ansible skips with a warning is a finding. */
export function parseYamlInventory(text: string, file: string): Reading {
  const { source, root } = parseYaml(text, file)
  const context: Context = { source, statements: [] }
  const groups = entriesOf(context, root)
  const at = { file, line: 1 }
  if (source.findings.length > 0) return { statements: [], findings: source.findings }
  if (groups === undefined || groups.length === 0) report(context, 'inventory-yaml-root', {}, at)
  const plugin = groups?.find(({ key }) => key === 'plugin')
  if (plugin) report(context, 'inventory-not-yet', { file, kind: 'plugin' }, place(context, plugin))
  else for (const group of groups ?? []) readGroup(context, group)
  return { statements: context.statements, findings: source.findings }
}

function readGroup(context: Context, group: Entry): void {
  const at = place(context, group)
  const name = group.key
  if (!group.isText) report(context, 'inventory-yaml-name', { name }, at)
  context.statements.push({ kind: 'group', name, declares: true, at })
  const sections = entriesOf(context, group.node)
  if (sections === undefined) {
    report(context, 'inventory-yaml-mapping', { name, expected: SECTIONS }, at)
    return
  }
  for (const section of sections) readSection(context, name, section)
}

function readSection(context: Context, group: string, section: Entry): void {
  const at = place(context, section)
  if (!SECTIONS.includes(section.key)) {
    const args = { group, name: section.key, nearest: nearest(section.key, SECTIONS) ?? null }
    report(context, 'inventory-yaml-section', args, at)
    return
  }
  const entries = entriesOf(context, section.node) ?? single(section)
  if (entries === undefined) {
    report(context, 'inventory-yaml-mapping', { name: section.key, expected: [] }, at)
    return
  }
  for (const entry of entries) {
    if (section.key === 'children') readChild(context, group, entry)
    else if (section.key === 'hosts') readHosts(context, group, entry)
    else
      context.statements.push({
        kind: 'variable',
        group,
        name: entry.key,
        variable: variable(context, entry),
      })
  }
}

/** `hosts: web1` is short for a mapping with one name in it. */
function single(section: Entry): Entry[] | undefined {
  const { node, line } = section
  if (section.key === 'vars' || !isScalar(node) || typeof node.value !== 'string') return undefined
  return [{ key: node.value, isText: true, node: null, line }]
}

/** The child with all that is below it comes before the link, as in Ansible: the order of members follows from it. */
function readChild(context: Context, parent: string, child: Entry): void {
  readGroup(context, child)
  context.statements.push({ kind: 'child', parent, child: child.key, at: place(context, child) })
}

function readHosts(context: Context, group: string, entry: Entry): void {
  const at = place(context, entry)
  const given = entriesOf(context, entry.node)
  const hosts = readHostNames(entry.key)
  if (!entry.isText) report(context, 'inventory-yaml-name', { name: entry.key }, at)
  if (given === undefined) report(context, 'inventory-yaml-mapping', { name: entry.key, expected: [] }, at)
  if ('why' in hosts) {
    report(context, 'inventory-bad-host-name', { text: entry.key, why: hosts.why }, at)
    return
  }
  const { names, port } = hosts
  const variables = new Map((given ?? []).map(item => [item.key, variable(context, item)]))
  for (const name of names) {
    context.statements.push({
      kind: 'host',
      name,
      group,
      variables,
      at,
      ...(port === undefined ? {} : { port }),
    })
  }
}

const variable = (context: Context, entry: Entry): Variable => ({
  value: readNode(context.source, entry.node),
  at: place(context, entry),
})

/** The entries of a mapping, none of an empty value; `undefined` where it is anything else. */
function entriesOf({ source }: Context, given: Node | null): Entry[] | undefined {
  const node = isAlias(given) ? given.resolve(source.document) : given
  if (isMap(node)) return readEntries(source, node)
  return readNode(source, node ?? null) === null ? [] : undefined
}

const place = ({ source }: Context, { line }: Entry): Place => ({ file: source.file, line })

function report({ source }: Context, code: string, args: Args, at: Place): void {
  source.findings.push({ code, severity: 'error', args, at })
}
