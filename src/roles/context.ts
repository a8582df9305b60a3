import { FleetError } from '../model/error.ts'
import type { Family } from '../model/family.ts'
import type { Host } from '../model/host.ts'
import type { Place } from '../model/place.ts'
import { Opaque } from '../model/value.ts'
import { fromWords, toWords } from './run.ts'
import type { Sources } from './sources.ts'
import type { DeclaredVariable, Template, TemplateContext } from './template.ts'
import { readValue } from './values.ts'

/** Where a template's variables come from, for one host and family. */
export interface Lookup {
  readonly host: Host
  readonly family: Family
  /** The port that fleet connects to: what `ssh_port` is where nobody says. */
  readonly sshPort: number
  readSources(variable: string, value: unknown, at: Place): Sources
}

/** A role's variables, from the inventory: each is read when the template uses it, and not before. */
export function roleContext(template: Template, lookup: Lookup): TemplateContext {
  return makeContext(template, lookup, declared => {
    const said = lookup.host.variables.get(declared.name)
    if (said) return readVariable(declared, said.value, said.at, lookup, template)
    return readVariable(declared, missing(declared, lookup, template), declared.at, lookup, template)
  })
}

/** A partial's variables: the values given, and its own defaults. */
export function partialContext(
  template: Template,
  values: Readonly<Record<string, unknown>>,
  at: Place,
  lookup: Lookup,
): TemplateContext {
  return makeContext(template, lookup, declared => {
    const given = Object.hasOwn(values, declared.name) ? values[declared.name] : undefined
    if (fromWords(given)) return given
    if (given !== undefined) return readVariable(declared, given, at, lookup, template)
    return readVariable(declared, missing(declared, lookup, template), declared.at, lookup, template)
  })
}

function makeContext(
  { declaration }: Template,
  { host, family }: Lookup,
  read: (declared: DeclaredVariable) => unknown,
): TemplateContext {
  const context: Record<string, unknown> = {
    family,
    host: { name: host.name, address: addressOf(host), groups: host.groups },
  }
  for (const declared of declaration.vars.values()) {
    Object.defineProperty(context, declared.name, { enumerable: true, get: () => read(declared) })
  }
  return context
}

const addressOf = (host: Host) => {
  const said = host.variables.get('ansible_host')?.value
  return typeof said === 'string' ? said : host.name
}

function missing(declared: DeclaredVariable, { host, sshPort }: Lookup, template: Template): unknown {
  if (declared.default !== undefined) return declared.default
  if (declared.name === 'ssh_port') return sshPort
  const args = { variable: declared.name, role: template.name, host: host.name, type: declared.type }
  throw new FleetError('variable-required', args, { at: declared.at })
}

function readVariable(
  declared: DeclaredVariable,
  value: unknown,
  at: Place,
  lookup: Lookup,
  template: Template,
): unknown {
  const { host, family } = lookup
  if (declared.type === 'sources') {
    return toWords(lookup.readSources(declared.name, value, at), declared.name, family)
  }
  refuseOpaque(declared.name, host, value, at)
  const { value: read, problem } = readValue(declared, value)
  if (problem === undefined) return read
  const usedAt = `${template.file}:${template.used.get(declared.name) ?? 1}`
  throw new FleetError('variable-type', { variable: declared.name, usedAt, ...problem }, { at })
}

/** Throws `variable-opaque` for a value, or a list with one in it, that fleet can't read. */
export function refuseOpaque(name: string, host: Host, value: unknown, at: Place): void {
  const opaque: unknown = Array.isArray(value) ? value.find(item => item instanceof Opaque) : value
  if (!(opaque instanceof Opaque)) return
  throw new FleetError('variable-opaque', { name, host: host.name, kind: opaque.kind }, { at })
}
