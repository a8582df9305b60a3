import { join, relative, resolve } from 'node:path'
import { FleetErrors } from '../model/error.ts'
import { makeBook } from '../roles/book.ts'
import { makeRenderer, type Rendered } from '../roles/render.ts'
import { openRoles } from '../roles/roles.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { unique } from './unique.ts'

/** Renders the hosts that are meant. Throws `FleetErrors` where one of them can't be rendered: nobody is contacted then. */
export function renderAll(inputs: Inputs, flags: Flags): ReadonlyMap<string, Rendered> {
  const directories = templateFolders(inputs, flags).map(path => ({
    path,
    shown: relative(process.cwd(), path) || '.',
  }))
  const render = makeRenderer({
    templates: openRoles(directories),
    mapping: inputs.config.roles,
    book: makeBook([...inputs.inventory.hosts.values()]),
    sshPort: host => inputs.connections.get(host.name)?.port ?? 22,
  })
  const rendered = new Map(inputs.hosts.map(host => [host.name, render(host)]))
  const findings = [...rendered.values()].flatMap(one => one.findings)
  if (findings.some(({ severity }) => severity === 'error')) throw new FleetErrors(unique(findings))
  return rendered
}

/** The user's own folders of templates, the first to be looked in first. */
export function templateFolders({ config, inventory }: Inputs, flags: Flags): readonly string[] {
  const templates = flag(flags, 'templates', 'string') ?? config.templates
  return [...(templates === undefined ? [] : [resolve(templates)]), join(inventory.directory, 'templates')]
}
