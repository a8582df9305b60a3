import { type FamilySpan, parseSpan } from '../address/spans.ts'
import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'

/** One network of a list. */
export type Listed = FamilySpan & {
  /** As it is written there. */
  readonly text: string
  readonly line: number
}

/** Mistakes that are told at once: there may be as many as lines. */
const TOLD = 10

/**
 * A list of networks: an address, a CIDR or a range a line; `#` and `;` begin a comment, also behind an address.
 * Whatever else it is (a page, a picture, half a line) is an error of the whole: nobody knows what such a list was to
 * say. What is wrong: `feed-page`, `feed-binary`, `feed-line`, `feed-lines-more`.
 */
export function readList(
  text: string,
  file: string,
): { listed: readonly Listed[]; wrong: readonly Finding[] } {
  const whole = text.replace(/^\uFEFF/, '')
  const alien = alienIn(whole, file)
  if (alien) return { listed: [], wrong: [alien] }
  const listed: Listed[] = []
  const wrong: Finding[] = []
  let line = 0
  let more = 0
  for (const [start, end] of linesOf(whole)) {
    line += 1
    const said = wordOf(whole.slice(start, end))
    if (said === '') continue
    try {
      listed.push({ ...parseSpan(said), text: said, line })
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      if (wrong.length < TOLD) wrong.push(unreadable(said, error, { file, line }))
      else more += 1
    }
  }
  if (more > 0) wrong.push(finding('feed-lines-more', { more }, { file }))
  return { listed, wrong }
}

/** A list of a hundred thousand lines is not made into a hundred thousand texts that all stay. */
function* linesOf(text: string): Generator<readonly [number, number]> {
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const end = next === -1 ? text.length : next
    yield [start, end]
    start = end + 1
  }
}

function wordOf(line: string): string {
  const comment = line.search(/[#;]/)
  return (comment === -1 ? line : line.slice(0, comment)).trim()
}

/** What isn't a list at all: told as what it is, and not as thousands of wrong lines. */
function alienIn(text: string, file: string): Finding | undefined {
  if (/^\s*</.test(text)) return finding('feed-page', {}, { file, line: 1 })
  const odd = ODD.exec(text)
  if (!odd) return undefined
  return finding('feed-binary', {}, { file, line: text.slice(0, odd.index).split('\n').length })
}

/** No text has these. */
const ODD = /(?![\t-\r])\p{Cc}/u

/** A line of garbage is not repeated at length. */
function unreadable(text: string, { args }: FleetError, at: Place): Finding {
  return finding('feed-line', { text: text.slice(0, 60), why: args.why ?? 'form' }, at)
}

const finding = (code: string, args: Finding['args'], at: Place): Finding => ({
  code,
  severity: 'error',
  args,
  at,
})
