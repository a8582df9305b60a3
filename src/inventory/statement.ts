import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'
import type { Variable, Variables } from '../model/value.ts'

/** What an inventory source says, in the order in which it says it; the groups are built from these alone. */
export type Statement =
  /** `declares` is false where a group only gets variables and must be declared elsewhere. */
  | { readonly kind: 'group'; readonly name: string; readonly declares: boolean; readonly at: Place }
  | { readonly kind: 'child'; readonly parent: string; readonly child: string; readonly at: Place }
  | { readonly kind: 'variable'; readonly group: string; readonly name: string; readonly variable: Variable }
  | HostStatement

export interface HostStatement {
  readonly kind: 'host'
  readonly name: string
  readonly group: string
  readonly port?: number
  readonly variables: Variables
  readonly at: Place
}

/** One source read to its end. Where a finding is an error, the statements are not to be used. */
export interface Reading {
  readonly statements: readonly Statement[]
  readonly findings: readonly Finding[]
}
