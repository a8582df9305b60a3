import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'

export const VARIABLE_TYPES = ['sources', 'ports', 'port', 'boolean', 'string', 'interface', 'enum'] as const
export type VariableType = (typeof VARIABLE_TYPES)[number]

/** A variable that a template declares in its front matter. */
export interface DeclaredVariable {
  readonly name: string
  readonly type: VariableType
  /** What an enum may be; empty for every other type. */
  readonly values: readonly string[]
  /** Undefined: the variable is required. */
  readonly default: unknown
  readonly at: Place
}

/** A template's front matter, and the words below it with every line still at its own number. */
export interface Declaration {
  readonly role: string
  /** Whether a group of the template's name gets it. */
  readonly byGroup: boolean
  /** Its rules come before those of base. */
  readonly first: boolean
  readonly vars: ReadonlyMap<string, DeclaredVariable>
  readonly body: string
}

/** What a template is run with; the values of its variables are getters, so that unused ones are never read. */
export type TemplateContext = Readonly<Record<string, unknown>>

export interface Template {
  readonly name: string
  /** As the user would name it: `templates/web.hbs`. */
  readonly file: string
  readonly declaration: Declaration
  /** The line of the first use of each variable. */
  readonly used: ReadonlyMap<string, number>
  /** The words with marks for lines and values still in them (`marks.ts`). Throws FleetErrors. */
  run(context: TemplateContext, run: unknown): string
}

/** A template that was read: ready to run, or what is wrong with it. */
export type Compiled =
  | { readonly template: Template; readonly findings: readonly Finding[] }
  | { readonly template: undefined; readonly findings: readonly Finding[] }
