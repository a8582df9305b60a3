import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import type { Finding } from '../model/finding.ts'
import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'
import type { IpSet, Ruleset } from '../ruleset/ruleset.ts'
import type { AddressBook } from './book.ts'
import { compose } from './compose.ts'
import { type Lookup, partialContext, refuseOpaque, roleContext } from './context.ts'
import { readLines } from './marks.ts'
import { findNearMisses, type NearMisses } from './near-miss.ts'
import { type HostRole, type RoleInput, resolveRoles } from './resolve.ts'
import type { Run } from './run.ts'
import { readSources, type Sources } from './sources.ts'
import type { Template } from './template.ts'

export interface RenderContext extends RoleInput {
  readonly book: AddressBook
  /** The port that fleet connects to. */
  readonly sshPort: (host: Host) => number
}

/** What a host should have. */
export interface Rendered {
  readonly roles: readonly HostRole[]
  /** Null where a finding is an error: half a ruleset must never be pushed. */
  readonly rulesets: PerFamily<Ruleset> | null
  /** The sets that the rules of either family refer to. */
  readonly sets: readonly IpSet[]
  readonly findings: readonly Finding[]
}

/** Renders hosts one after the other; what they share (templates, lists of sources, names) is read once. */
export type Renderer = (host: Host) => Rendered

interface Composed {
  readonly ruleset: Ruleset
  readonly findings: readonly Finding[]
}

interface Shared {
  readonly context: RenderContext
  /** Rulesets by the words that they are made of: equal hosts share theirs. */
  readonly composed: Map<string, Composed>
  readonly sources: Map<string, Map<unknown, Sources>>
  readonly nearMisses: NearMisses
}

interface Work {
  readonly host: Host
  readonly shared: Shared
  readonly findings: Finding[]
  readonly sets: Map<string, IpSet>
}

export function makeRenderer(context: RenderContext): Renderer {
  const shared: Shared = { context, composed: new Map(), sources: new Map(), nearMisses: new Map() }
  return host => renderHost(host, shared)
}

function renderHost(host: Host, shared: Shared): Rendered {
  const { roles, findings } = resolveRoles(host, shared.context)
  const work: Work = { host, shared, findings: [...findings], sets: new Map() }
  const templates = roles.flatMap(role => openTemplate(role.name, work))
  work.findings.push(...findNearMisses(host, templates, shared.nearMisses))
  const [four, six] = FAMILIES.map(family => renderFamily(family, templates, work))
  const unique = dedupe(work.findings.map(finding => withOrigin(finding, host)))
  const failed = unique.some(({ severity }) => severity === 'error') || !four || !six
  return {
    roles,
    rulesets: failed ? null : { 4: four, 6: six },
    sets: [...work.sets.values()],
    findings: unique,
  }
}

function openTemplate(name: string, { shared, findings }: Work): Template[] {
  const compiled = shared.context.templates.get(name)
  findings.push(...(compiled?.findings ?? []))
  return compiled?.template ? [compiled.template] : []
}

function renderFamily(family: Family, templates: readonly Template[], work: Work): Ruleset {
  const words = templates.map(template => runTemplate(template, family, work))
  const key = [family, ...templates.map(({ name }) => name), ...words].join('\0')
  const { composed } = work.shared
  const known = composed.get(key) ?? composeWords(family, templates, words)
  composed.set(key, known)
  work.findings.push(...known.findings)
  return known.ruleset
}

function composeWords(family: Family, templates: readonly Template[], words: readonly string[]): Composed {
  const findings: Finding[] = []
  const roles = templates.map(({ name, file }, index) => {
    const lines = collect(findings, [], () => readLines(words[index] ?? '', file))
    return { role: name, file, lines }
  })
  const composed = compose(roles, family)
  return { ruleset: composed.ruleset, findings: [...findings, ...composed.findings] }
}

/** What a template that stops in its middle said before is of no use: it would only add findings that aren't. */
function runTemplate(template: Template, family: Family, work: Work): string {
  return collect(work.findings, '', () => {
    const lookup = lookupFor(family, work)
    return template.run(roleContext(template, lookup), makeRun(template.name, lookup, work))
  })
}

/** What `read` answers; its FleetError becomes a finding. */
function collect<T>(findings: Finding[], otherwise: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
    findings.push(error.finding)
    return otherwise
  }
}

const lookupFor = (family: Family, { host, shared }: Work): Lookup => ({
  host,
  family,
  sshPort: shared.context.sshPort(host),
  readSources: (variable, value, at) => sharedSources(shared, host, variable, value, at),
})

/** A list of thousands is the same value for every host of a group: it is read once. */
function sharedSources(
  { context, sources }: Shared,
  host: Host,
  variable: string,
  value: unknown,
  at: Place,
): Sources {
  const known = sources.get(variable) ?? new Map<unknown, Sources>()
  sources.set(variable, known)
  const before = known.get(value)
  if (before) return before
  refuseOpaque(variable, host, value, at)
  const fresh = readSources(value, context.book, at)
  known.set(value, fresh)
  return fresh
}

function makeRun(role: string, lookup: Lookup, work: Work): Run {
  const { host, shared, sets, findings } = work
  const run: Run = {
    family: lookup.family,
    role,
    host,
    get services() {
      return shared.context.templates.services
    },
    readSources: (value, at) => sharedSources(shared, host, '', value, at),
    useSet: set => sets.set(set.name, set),
    note: (code, args, at) => findings.push({ code, severity: 'note', args, at }),
    runPartial: (name, values, at) => {
      const template = shared.context.templates.get(name)?.template
      if (!template) throw new FleetError('template-partial-missing', { name }, { at })
      const text = template.run(partialContext(template, values, at, lookup), run)
      return text === '' || text.endsWith('\n') ? text : `${text}\n`
    },
  }
  return run
}

/** Both families say most things twice. */
function dedupe(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}

/** A bad value is mended where it was written, which is seldom the template. */
function withOrigin(finding: Finding, host: Host): Finding {
  const { variable } = finding.args
  const said = typeof variable === 'string' ? host.variables.get(variable)?.at : undefined
  if (!said || finding.code !== 'value-unsafe') return finding
  const from = said.line === undefined ? said.file : `${said.file}:${said.line}`
  return { ...finding, args: { ...finding.args, from } }
}
