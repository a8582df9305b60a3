import { resolve } from 'node:path'
import * as v from 'valibot'
import { FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Place } from '../model/place.ts'
import { type ConfigDocument, type Path, readDocument } from './document.ts'
import { type Feed, feedsOf } from './feeds.ts'
import { type Hook, hooksOf } from './hooks.ts'
import { type Rollout, withoutNulls as rolloutOf } from './rollout.ts'
import { configSchema, NAMES, NOT_YET, type WrittenConfig } from './schema.ts'

/** What `fleet.yml` says, with its paths made absolute: they are relative to the file. What it leaves out is left out. */
export interface Config {
  /** Where to read from when no `-i` says so; lists of hosts stay as they are. */
  readonly inventory?: readonly string[]
  readonly templates?: string
  readonly journal?: string
  /** Which roles a group stands for. */
  readonly roles: ReadonlyMap<string, { readonly roles: readonly string[]; readonly at: Place }>
  readonly concurrency: Concurrency
  /** Milliseconds, from 4 s to 30 min. */
  readonly confirmTimeout?: number
  readonly rollout?: Rollout
  /** Where the names stand that it goes by: `canaries.web`, `maxParallel.db`, `gates.0.on`, `spread`. */
  readonly rolloutAt?: ReadonlyMap<string, Place>
  /** Who is told of runs. */
  readonly hooks?: readonly Hook[]
  /** Lists of others that hosts block. */
  readonly feeds?: readonly Feed[]
}

/** How many at once: hosts, connections being made, connections kept open. */
export interface Concurrency {
  readonly hosts?: number
  readonly starts?: number
  readonly open?: number
}

/**
 * What a text of `fleet.yml` says. Throws `FleetErrors` with all that is wrong in it: unknown names and wrong values.
 */
export function parseConfig(text: string, file: string, directory: string): Config {
  const document = readDocument(text, file)
  if (document.findings.length > 0) throw new FleetErrors(document.findings)
  const parsed = v.safeParse(configSchema, document.value ?? {})
  const unknown = findUnknown(document)
  const isSaid = (at?: Place) => unknown.some(one => one.at?.line === at?.line && one.args.within !== '')
  const wrong = (parsed.issues ?? []).map(issue => explain(issue, document))
  const findings = [...unknown, ...wrong.filter(({ at }) => !isSaid(at))]
  findings.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0))
  if (findings.length > 0 || !parsed.success) throw new FleetErrors(findings)
  return finish(parsed.output, document, directory)
}

function finish(written: WrittenConfig, document: ConfigDocument, directory: string): Config {
  const { inventory, templates, journal, confirmTimeout } = written
  const roles = Object.entries(written.roles ?? {}).map(
    ([group, list]) => [group, { roles: list, at: document.place(['roles', group]) }] as const,
  )
  return {
    roles: new Map(roles),
    concurrency: withoutNulls(written.concurrency ?? {}),
    ...(inventory
      ? { inventory: inventory.map(path => (path.includes(',') ? path : resolve(directory, path))) }
      : {}),
    ...(templates ? { templates: resolve(directory, templates) } : {}),
    ...(journal ? { journal: resolve(directory, journal) } : {}),
    ...(confirmTimeout ? { confirmTimeout } : {}),
    ...(written.rollout
      ? { rollout: rolloutOf(written.rollout), rolloutAt: placesOf(written.rollout, document) }
      : {}),
    ...(written.hooks ? { hooks: hooksOf(written.hooks, directory) } : {}),
    ...(written.feeds
      ? { feeds: feedsOf(written.feeds, directory, name => document.place(['feeds', name])) }
      : {}),
  }
}

function placesOf(
  { canaries, maxParallel, gates, spread }: NonNullable<WrittenConfig['rollout']>,
  document: ConfigDocument,
): ReadonlyMap<string, Place> {
  const paths: readonly Path[] = [
    ...Object.keys(canaries ?? {}).map(name => ['canaries', name]),
    ...Object.keys(maxParallel ?? {}).map(name => ['maxParallel', name]),
    ...(gates ?? []).flatMap(({ on }, at) => [
      ['gates', at],
      ...(on === undefined ? [] : [['gates', at, 'on']]),
    ]),
    ...(spread ? [['spread']] : []),
  ]
  return new Map(paths.map(path => [path.join('.'), document.place(['rollout', ...path])]))
}

function withoutNulls(
  written: Readonly<Record<keyof Concurrency, number | null | undefined>> | object,
): Concurrency {
  return Object.fromEntries(
    Object.entries(written).filter(([, value]) => value !== null && value !== undefined),
  )
}

function explain(issue: v.BaseIssue<unknown>, document: ConfigDocument): Finding {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)))
  return error('config-wrong-value', { name: path.join('.'), expected: issue.message }, document.place(path))
}

/** Names that mean nothing. */
function findUnknown(document: ConfigDocument): Finding[] {
  return Object.entries(NAMES).flatMap(([within, known]) =>
    partsOf(document.value, within).flatMap(({ path, value }) => {
      const names = isMapping(value) ? Object.keys(value).filter(name => !known.includes(name)) : []
      return names.map(name => {
        const at = document.place([...path, name])
        const inside = within.endsWith('.*') ? path.join('.') : within
        if (NOT_YET[within]?.includes(name)) return error('config-not-yet', { name, within }, at)
        const args = { name, within: inside, nearest: nearest(name, known) ?? null, known }
        return error('config-unknown-key', args, at)
      })
    }),
  )
}

/** What stands there, or each item of the list that stands there. */
function partsOf(outer: unknown, within: string): readonly { path: Path; value: unknown }[] {
  if (within.endsWith('.*')) return partsBelow(outer, within.slice(0, -2))
  const path = within.split('.').filter(Boolean)
  const value = path.reduce<unknown>((all, name) => (isMapping(all) ? all[name] : undefined), outer)
  if (!Array.isArray(value)) return [{ path, value }]
  return value.map((item: unknown, at) => ({ path: [...path, at], value: item }))
}

function partsBelow(outer: unknown, name: string): readonly { path: Path; value: unknown }[] {
  const value = isMapping(outer) ? outer[name] : undefined
  if (!isMapping(value)) return []
  return Object.entries(value).map(([key, inner]) => ({ path: [name, key], value: inner }))
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const error = (code: string, args: Finding['args'], at: Place): Finding => ({
  code,
  severity: 'error',
  args,
  at,
})
