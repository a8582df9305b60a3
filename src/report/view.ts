import type { Tally } from './tally.ts'

/** Where progress goes: standard error, or what stands for it. */
export type Stream = NodeJS.WriteStream

/** How the phases of a run are shown. */
export interface View {
  start(tally: Tally): void
  /** A host that ended badly, as one line. */
  fail(line: string): void
  end(tally: Tally): Promise<void>
}

/** A pseudo-terminal without a size says 0. */
export const columnsOf = ({ columns }: Stream): number => columns || 80
