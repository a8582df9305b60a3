import { statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { refuseOtherName } from '../config/read.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Host } from '../model/host.ts'
import { makeBook } from '../roles/book.ts'
import { makeRenderer, type RenderContext, type Rendered } from '../roles/render.ts'
import { openRoles } from '../roles/roles.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import type { Inputs } from './inputs.ts'
import { roleFeeds } from './role-feeds.ts'
import { unique } from './unique.ts'

/**
 * Renders the hosts that are meant. What their sources name of feeds is found by rendering, then read, and rendered.
 * Throws `templates-missing`, `config-other-name`, and `FleetErrors` where one of them can't be rendered: nobody is contacted then.
 */
export async function renderAll(inputs: Inputs, flags: Flags): Promise<ReadonlyMap<string, Rendered>> {
  refuseMissing(inputs, flags)
  refuseOtherName(inputs.inventory.directory)
  const directories = templateFolders(inputs, flags).map(path => ({
    path,
    shown: relative(process.cwd(), path) || '.',
  }))
  const feeds = roleFeeds(inputs.config.feeds ?? [], async feed =>
    (await import('./feeds.ts')).listForRoles(inputs, feed),
  )
  const context = {
    templates: openRoles(directories),
    mapping: inputs.config.roles,
    book: makeBook([...inputs.inventory.hosts.values()], feeds.list),
    sshPort: (host: Host) => inputs.connections.get(host.name)?.port ?? 22,
  }
  let rendered = renderEach(inputs.hosts, context)
  while (await feeds.readAsked()) rendered = renderEach(inputs.hosts, context)
  const findings = [...rendered.values()].flatMap(one => one.findings)
  // A note is no help in finding the error.
  const wrong = unique(findings.filter(({ severity }) => severity !== 'note'))
  if (wrong.some(({ severity }) => severity === 'error')) throw new FleetErrors(wrong)
  return rendered
}

function renderEach(hosts: readonly Host[], context: RenderContext): ReadonlyMap<string, Rendered> {
  const render = makeRenderer(context)
  return new Map(hosts.map(host => [host.name, render(host)]))
}

/** The user's own folders of templates, the first to be looked in first. */
export function templateFolders({ config, inventory }: Inputs, flags: Flags): readonly string[] {
  const named = namedFolder({ config }, flags)
  return [...(named === undefined ? [] : [named]), join(inventory.directory, 'templates')]
}

/** Where a folder that somebody names is passed over, its roles go from every host that has them by a group's name. */
function refuseMissing({ config }: Inputs, flags: Flags): void {
  const folder = namedFolder({ config }, flags)
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  const isFlag = flag(flags, 'templates', 'string') !== undefined
  throw new FleetError('templates-missing', {
    folder,
    of: isFlag ? '--templates' : 'templates: of fleet.yml',
  })
}

function namedFolder({ config }: Pick<Inputs, 'config'>, flags: Flags): string | undefined {
  const templates = flag(flags, 'templates', 'string') ?? config.templates
  return templates === undefined ? undefined : resolve(templates)
}
