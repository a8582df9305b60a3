import { readListOf } from '../address/list.ts'
import { mistakeOf, unmapped } from '../address/mistake.ts'
import { type FamilySpan, parseSpan } from '../address/spans.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'

/** One network of a list. */
export type Listed = FamilySpan & {
  /** As it is written there. */
  readonly text: string
  readonly line: number
}

/** A feed: a network a line, as whoever keeps it writes them. What is wrong: `feed-line`, and readListOf's. */
export function readList(
  text: string,
  file: string,
): { listed: readonly Listed[]; wrong: readonly Finding[] } {
  const { found, wrong } = readListOf(text, file, readLine, 'one a line')
  return { listed: found, wrong }
}

function readLine(text: string, line: number): Listed {
  try {
    return { ...parseSpan(text.includes(':') ? unmapped(text) : text), text, line }
  } catch (error) {
    // A line of garbage is not repeated at length.
    throw new FleetError('feed-line', { text: text.slice(0, 60), ...mistakeOf(text, error) })
  }
}
