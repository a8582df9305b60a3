import type { Finding } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'

/** What may stand in a call of a helper, by its name. */
export const RULE_HELPERS: Readonly<Record<string, readonly string[]>> = {
  accept: ['from', 'to', 'tcp', 'udp', 'service', 'proto', 'in', 'out', 'comment', 'limit', 'burst', 'per'],
  drop: ['from', 'to', 'tcp', 'udp', 'service', 'proto', 'in', 'out', 'comment'],
  reject: ['from', 'to', 'tcp', 'udp', 'service', 'proto', 'in', 'out', 'comment'],
  log: [
    'from',
    'to',
    'tcp',
    'udp',
    'service',
    'proto',
    'in',
    'out',
    'comment',
    'limit',
    'burst',
    'per',
    'prefix',
  ],
}

/** Blocks and how many arguments each takes. */
export const BLOCKS: Readonly<Record<string, number>> = { if: 1, unless: 1, each: 1, v4: 0, v6: 0 }

export const HOST_FIELDS = ['name', 'address', 'groups']

/** Helpers that the pass over the template puts in; no template can name them, for the dash. */
export const VALUE_HELPER = 'fleet-value'
export const PARTIAL_HELPER = 'fleet-partial'

export const KNOWN_HELPERS = [
  ...Object.keys(RULE_HELPERS),
  ...Object.keys(BLOCKS),
  'eq',
  VALUE_HELPER,
  PARTIAL_HELPER,
]

/** `{{> name key=value}}`. */
export interface PartialCall {
  readonly name: string
  readonly line: number
  readonly keys: readonly string[]
}

/** The names that a place in a template can use. */
export interface Scope {
  readonly file: string
  readonly declared: readonly string[]
  /** Block parameters of the blocks around. */
  readonly params: readonly string[]
  readonly inEach: boolean
  readonly findings: Finding[]
  readonly used: Map<string, number>
  readonly partials: PartialCall[]
}

export const near = (name: string, candidates: Iterable<string>) => nearest(name, candidates) ?? null

export function report(scope: Scope, code: string, args: Finding['args'], line: number): void {
  scope.findings.push({ code, severity: 'error', args, at: { file: scope.file, line } })
}
