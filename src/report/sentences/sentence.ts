import type { Args } from '../../model/finding.ts'

/** The sentence for each code of one room: what is wrong, what was expected, what to do. */
export type Sentences = Readonly<Record<string, (args: Args) => string>>
