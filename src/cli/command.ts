import type { Options } from 'yargs'

/** What a flag is, in yargs' words. */
export type Flag = Options & { readonly describe: string }

/** Flags as they were typed, by their long name. */
export type Flags = Readonly<Record<string, unknown>>

/** One command: what it takes, and its code, which is loaded when it runs. */
export interface Command {
  readonly name: string
  readonly describe: string
  /** yargs' notation, such as `[inventory]`. */
  readonly positional?: string
  readonly flags: Readonly<Record<string, Flag>>
  readonly load: () => Promise<{ readonly run: (flags: Flags) => Promise<number> }>
}
