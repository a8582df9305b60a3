import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Family } from '../../../src/model/family.ts'
import type { Host } from '../../../src/model/host.ts'
import type { Value } from '../../../src/model/value.ts'
import { type Lists, makeBook } from '../../../src/roles/book.ts'
import { makeRenderer, type Rendered } from '../../../src/roles/render.ts'
import type { RoleMapping } from '../../../src/roles/resolve.ts'
import { openRoles } from '../../../src/roles/roles.ts'
import type { Templates } from '../../../src/roles/templates.ts'

/** Where every variable of these hosts was written. */
export const WRITTEN = { file: 'group_vars/all.yml', line: 7 }

export function makeHost(
  name: string,
  groups: readonly string[],
  variables: Record<string, Value> = {},
): Host {
  const entries = Object.entries(variables).map(([key, value]) => [key, { value, at: WRITTEN }] as const)
  return { name, groups, variables: new Map(entries) }
}

/** Templates by name (and `services.yml`), over the ones that ship. */
export function openFiles(files: Record<string, string>): Templates {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-roles-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name.includes('.') ? name : `${name}.hbs`), text)
  }
  return openRoles([{ path: folder, shown: 'my' }])
}

interface Options {
  readonly files?: Record<string, string>
  readonly mapping?: RoleMapping
  readonly others?: readonly Host[]
  readonly lists?: Lists
}

export function render(
  host: Host,
  { files = {}, mapping = new Map(), others = [], lists }: Options = {},
): Rendered {
  const context = {
    templates: openFiles(files),
    mapping,
    book: makeBook([host, ...others], lists),
    sshPort: () => 22,
  }
  return makeRenderer(context)(host)
}

/** What a role of these words, alone on a host, says: `it` is the role. */
export function renderAlone(
  words: string,
  variables: Record<string, Value> = {},
  options: Options = {},
): Rendered {
  const host = makeHost('h1', ['web'], { ansible_host: '192.0.2.11', ...variables, fleet_roles: ['it'] })
  return render(host, { ...options, files: { it: words, ...options.files } })
}

/** `CHAIN text` of every rule of a family; throws the findings where there is no ruleset. */
export function rulesOf({ rulesets, findings }: Rendered, family: Family = 4): string[] {
  if (!rulesets) throw new Error(JSON.stringify(findings, null, 1))
  return [...rulesets[family].tables.values()]
    .flatMap(table => [...table.values()])
    .flatMap(({ name, rules }) => rules.map(({ text }) => `${name} ${text}`))
}

/** The errors as `code FILE:LINE`. */
export const errorsOf = ({ findings }: Rendered): string[] =>
  findings
    .filter(({ severity }) => severity === 'error')
    .map(({ code, at }) => `${code} ${at?.file}:${at?.line}`)

/** A role with these variables and lines of the filter table; the first line is line 4 with one variable. */
export const role = (vars: string, ...lines: string[]): string =>
  ['---', `vars: {${vars}}`, '---', '*filter', ...lines, 'COMMIT', ''].join('\n')
