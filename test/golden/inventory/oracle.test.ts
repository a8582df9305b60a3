import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Inventory } from '../../../src/inventory/inventory.ts'
import { parseLiteral } from '../../../src/inventory/python-literal.ts'
import { readInventory } from '../../../src/inventory/read.ts'
import { selectHosts } from '../../../src/inventory/select.ts'
import { splitWords } from '../../../src/inventory/shell-words.ts'
import { Opaque, type Value } from '../../../src/model/value.ts'
import { askInventory, askPatterns, askPython, folder, missing, type OracleInventory } from './oracle.ts'

const here = import.meta.dirname

const CASES: readonly { name: string; sources: string[]; extraVars?: string[] }[] = [
  { name: 'groups, ranges and ports', sources: ['groups/inventory.ini'] },
  { name: 'files beside the inventory', sources: ['files/inventory.ini'] },
  { name: 'several inventories', sources: ['several/one/inventory.ini', 'several/two/inventory.ini'] },
  {
    name: 'several inventories the other way round',
    sources: ['several/two/inventory.ini', 'several/one/inventory.ini'],
  },
  { name: 'a folder of inventories', sources: ['folder'] },
  { name: 'a YAML inventory', sources: ['yaml/hosts.yml'] },
  { name: 'a JSON inventory', sources: ['yaml/hosts.json'] },
  { name: 'YAML and INI together', sources: ['yaml/hosts', 'groups/inventory.ini'] },
  { name: 'a list of hosts', sources: ['h1, h2:2222,192.0.2.1,2001:db8::1,'] },
  {
    name: 'extra variables',
    sources: ['files/inventory.ini'],
    extraVars: ['a=1 b="two words" c=it\\\'s', '{"a": 2, "d": [1]}', 'e=x=y f=""'],
  },
]

beforeEach(context => {
  if (missing !== undefined) context.skip(missing)
})

describe('reads as ansible-inventory reads', { timeout: 60_000 }, () => {
  it.each(CASES)('$name', async ({ sources, extraVars = [] }) => {
    const paths = sources.map(source => (source.includes(',') ? source : join(here, source)))
    const { ours, theirs } = await readBoth(paths, extraVars)
    expect(ours).toEqual(theirs)
  })

  it('every literal, on host lines and under :vars', async () => {
    const values = readFileSync(join(here, 'literals', 'values.txt'), 'utf8')
      .split('\n')
      .filter(line => line !== '')
    const file = join(folder, 'literals.ini')
    const hostLines = values.map((value, index) => `h${index} v="${value.replaceAll(/["\\]/g, '\\$&')}"`)
    const variables = values.map((value, index) => `v${index} = ${value}`)
    writeFileSync(file, ['[g]', ...hostLines, '[g:vars]', ...variables, ''].join('\n'))
    const { ours, theirs } = await readBoth([file])
    expect(ours).toEqual(theirs)
  })
})

/** Hosts in order, their variables, and the groups: what fleet reads and what the oracle says. */
async function readBoth(sources: string[], extraVars: string[] = []) {
  const oracle = askInventory(sources, extraVars)
  if (oracle === undefined) throw new Error('the oracle refuses this inventory')
  const { inventory } = await readInventory({ sources, extraVars, cwd: here })
  const [order] = askPatterns(sources, ['all'])
  // The oracle leaves out hosts without variables.
  const hostvars = Object.fromEntries((order ?? []).map(name => [name, oracle.hostvars[name] ?? {}]))
  return {
    ours: {
      order: [...inventory.hosts.keys()],
      hostvars: ourVariables(inventory),
      groups: ourGroups(inventory),
    },
    theirs: { order, hostvars: { ...oracle.hostvars, ...hostvars }, groups: theirGroups(oracle) },
  }
}

const ourVariables = ({ hosts }: Inventory) =>
  Object.fromEntries([...hosts].map(([name, { variables }]) => [name, plainVariables(variables)]))

type Variables = ReadonlyMap<string, { readonly value: Value }>

/** Without Ansible's own: they aren't the inventory's. */
function plainVariables(variables: Variables) {
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, plain(value)]))
}

/** As the oracle prints it: vaulted text in a dict, large integers as text with an n. */
function plain(value: Value): unknown {
  if (value instanceof Opaque) return value.kind === 'vault' ? { __ansible_vault: value.text } : value.text
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

/** Groups without hosts and children aren't printed by the oracle, and neither are direct members of `all`. */
function ourGroups({ groups }: Inventory) {
  const full = [...groups.values()].filter(({ hosts, children }) => hosts.length + children.length > 0)
  return Object.fromEntries(
    full.map(({ name, hosts, children }) => [name, { children, ...(name === 'all' ? {} : { hosts }) }]),
  )
}

/** With all the hosts below a group: its own first, then those of its children, then of theirs. */
function theirGroups({ groups }: OracleInventory) {
  const below = (name: string) => {
    const names = [name]
    for (const next of names) {
      names.push(...(groups[next]?.children ?? []).filter(child => !names.includes(child)))
    }
    return [...new Set(names.flatMap(next => groups[next]?.hosts ?? []))]
  }
  return Object.fromEntries(
    Object.keys(groups).map(name => [
      name,
      { children: groups[name]?.children ?? [], ...(name === 'all' ? {} : { hosts: below(name) }) },
    ]),
  )
}

describe('selects as ansible selects', { timeout: 60_000 }, () => {
  const patterns = readFileSync(join(here, 'patterns.txt'), 'utf8')
    .split('\n')
    .filter(line => line !== '')

  it('each pattern', async () => {
    const source = join(here, 'groups/inventory.ini')
    const { inventory } = await readInventory({ sources: [source], cwd: here })
    const oracle = askPatterns([source], patterns)
    const ours = patterns.map(pattern => selectHosts(inventory, pattern).map(({ name }) => name))
    expect(Object.fromEntries(patterns.map((pattern, index) => [pattern, ours[index]]))).toEqual(
      Object.fromEntries(patterns.map((pattern, index) => [pattern, oracle[index]])),
    )
  })
})

describe('reads as Python reads', { timeout: 60_000 }, () => {
  it('words', () => {
    const script = `
import json, shlex, sys
def split(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return None
print(json.dumps([split(line) for line in json.load(sys.stdin)]))
`
    const unit = fc.constantFrom('a', ' ', '"', "'", '\\', '#', '=', ';', '\t')
    const lines = fc.sample(fc.string({ unit, maxLength: 20 }), { numRuns: 5000, seed: 1 })
    const ours = lines.map(line => {
      const split = splitWords(line)
      return 'why' in split ? null : split.words
    })
    expect(ours).toEqual(askPython(script, lines))
  })

  /** Sets, bytes and complex numbers can't be printed as JSON, by ansible-inventory neither. */
  it('literals', () => {
    const script = `
import ast, json, math, sys, warnings
warnings.simplefilter('ignore')
def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {json.dumps(key) if not isinstance(key, str) else key: plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, bool, int)) or isinstance(value, float) and math.isfinite(value):
        return value
    raise Unprintable()
class Unprintable(Exception):
    pass
def read(text):
    try:
        return [plain(ast.literal_eval(text))]
    except Unprintable:
        return 'unprintable'
    except (ValueError, SyntaxError, TypeError):
        return None
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`
    const unit = fc.constantFrom(
      ...'0 1 9 7 _ . e x + - , [ ] ( ) { } : # r u'.split(' '),
      '"',
      "'",
      '\\',
      ' ',
      'True',
      "'a'",
    )
    const texts = fc.sample(fc.string({ unit, maxLength: 9 }), { numRuns: 20_000, seed: 1 })
    const theirs = askPython(script, texts)
    const wrong = texts.flatMap((text, index) => {
      const ours = parseLiteral(text)
      // Through JSON, which has no -0.
      const [mine, real] = JSON.parse(
        JSON.stringify([ours === undefined ? null : [plain(ours.value)], theirs[index]]),
      )
      return real === 'unprintable' || isDeepStrictEqual(mine, real) ? [] : [{ text, mine, real }]
    })
    expect(wrong).toEqual([])
  })
})
