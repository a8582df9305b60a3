import { join, relative } from 'node:path'
import { lint } from '../lint/run.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Rendered } from '../roles/render.ts'
import { roleNames, SHIPPED_TEMPLATES } from '../roles/templates.ts'
import { printRestore } from '../ruleset/print.ts'
import type { Flags } from './command.ts'
import type { Inputs } from './inputs.ts'
import { templateFolders } from './rendering.ts'
import { unique } from './unique.ts'

/** All that there is to say before anybody is contacted, each thing once: of the inputs, the roles and the rules. */
export function findingsOf(
  inputs: Inputs,
  rendered: ReadonlyMap<string, Rendered>,
  flags: Flags,
): readonly Finding[] {
  const roles = [...rendered.values()].flatMap(({ findings }) => findings)
  const used = new Set([...rendered.values()].flatMap(one => one.roles.map(({ name }) => name)))
  const missed = findMissed(inputs, flags, used)
  return unique([...inputs.findings, ...missed, ...roles, ...lintAll(rendered.values())])
}

/** Templates of the user's that no host has, and a group without a role that is called almost so: one of them is misspelt. */
function findMissed(inputs: Inputs, flags: Flags, used: ReadonlySet<string>): Finding[] {
  const { config, inventory } = inputs
  const folders = templateFolders(inputs, flags).map(path => ({ path, shown: relative(process.cwd(), path) }))
  const known = roleNames([...folders, SHIPPED_TEMPLATES])
  const bare = [...inventory.groups.keys()].filter(group => !known.has(group) && !config.roles.has(group))
  const groups = bare.filter(group => group !== 'all' && group !== 'ungrouped')
  const mapped = new Set([...config.roles.values()].flatMap(({ roles }) => roles))
  const isIdle = (name: string) => !used.has(name) && !mapped.has(name) && !inventory.groups.has(name)
  return folders.flatMap(folder =>
    [...roleNames([folder])].filter(isIdle).flatMap((name): Finding[] => {
      const group = nearest(name, groups)
      const at = { file: join(folder.shown, `${name}.hbs`) }
      return group ? [{ code: 'role-missed', severity: 'warning', args: { name, group }, at }] : []
    }),
  )
}

/** Hosts of a group mostly have the same rules: those are looked at once. */
function lintAll(rendered: Iterable<Rendered>): readonly Finding[] {
  const distinct = new Map<string, Rendered>()
  for (const one of rendered) {
    if (one.rulesets) distinct.set(printRestore(one.rulesets[4]) + printRestore(one.rulesets[6]), one)
  }
  return [...distinct.values()].flatMap(({ rulesets, sets }) => {
    const entries = new Map(sets.map(set => [set.name, set.entries]))
    return rulesets ? lint(rulesets, { sets: entries }) : []
  })
}
