import { FleetError } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
import type { Place } from '../model/place.ts'

/** Mistakes that are told at once; there may be as many as lines. */
const TOLD = 10

/** Programs keep one a line; people put several between blanks and commas. */
type Manner = 'one a line' | 'several a line'

/**
 * A list of addresses, networks and ranges, whoever keeps it: `#` and `;` begin a comment, also behind an address. `read`
 * says what a word stands for, or throws what is wrong with it. A list with anything wrong in it says nothing at all:
 * nobody knows what it was to say. What is wrong: `list-page`, `list-binary`, `list-more`, and what `read` throws.
 */
export function readListOf<T>(
  text: string,
  file: string,
  read: (word: string, line: number) => T,
  manner: Manner,
): { found: readonly T[]; wrong: readonly Finding[] } {
  const whole = text.replace(/^\uFEFF/, '')
  const alien = alienIn(whole, file)
  if (alien) return { found: [], wrong: [alien] }
  const found: T[] = []
  const wrong: Finding[] = []
  let more = 0
  eachWord(whole, manner, (word, line) => {
    try {
      found.push(read(word, line))
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      if (wrong.length < TOLD) wrong.push({ ...error.finding, at: { file, line } })
      else more += 1
    }
  })
  if (more > 0) wrong.push(finding('list-more', { more }, { file }))
  return { found: wrong.length > 0 ? [] : found, wrong }
}

/** A list of a hundred thousand lines is not made into a hundred thousand texts that all stay. */
function eachWord(text: string, manner: Manner, take: (word: string, line: number) => void): void {
  let line = 0
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const end = next === -1 ? text.length : next
    const whole = text.slice(start, end)
    line += 1
    start = end + 1
    if (WORD.test(whole)) take(whole, line)
    else for (const word of wordsIn(withoutComment(whole), manner)) take(word, line)
  }
}

/** Nothing but a word, as most lines of a long list are. */
const WORD = /^[^\s,#;]+$/
/** With blanks around its dash it is one word still. */
const RANGE = /^\S+\s+-\s+\S+$/

function wordsIn(said: string, manner: Manner): readonly string[] {
  if (manner === 'one a line') return said === '' ? [] : [said]
  return RANGE.test(said) ? [said.replaceAll(/\s/g, '')] : said.split(/[\s,]+/).filter(word => word !== '')
}

function withoutComment(line: string): string {
  const comment = line.search(/[#;]/)
  return (comment === -1 ? line : line.slice(0, comment)).trim()
}

/** What isn't a list at all: told as what it is, and not as thousands of wrong lines. */
function alienIn(text: string, file: string): Finding | undefined {
  if (/^\s*</.test(text)) return finding('list-page', {}, { file, line: 1 })
  const odd = ODD.exec(text)
  if (!odd) return undefined
  return finding('list-binary', {}, { file, line: text.slice(0, odd.index).split('\n').length })
}

/** No text has these. */
const ODD = /(?![\t-\r])\p{Cc}/u

const finding = (code: string, args: Finding['args'], at: Place): Finding => ({
  code,
  severity: 'error',
  args,
  at,
})
