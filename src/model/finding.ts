import type { Place } from './place.ts'

export type Severity = 'error' | 'warning' | 'note'

/** What a sentence is made from. Kept flat so that a finding can be saved as JSON and read back. */
export type Args = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/**
 * Something the user should know, as data: the sentence for `code` lives in `report/sentences/`.
 * Codes are kebab-case and unique in the whole program.
 */
export interface Finding {
  readonly code: string
  readonly severity: Severity
  readonly args: Args
  readonly at?: Place
}
