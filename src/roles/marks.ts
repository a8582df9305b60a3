import { FleetError } from '../model/error.ts'
import type { Place } from '../model/place.ts'

/**
 * Control characters that no template and no value may hold, so that nothing in the words of a rule can be
 * taken for them: `\x01FILE:LINE\x02` says where what follows was written, `\x03NAME\x05VALUE\x04` is a
 * variable's value.
 */
// oxlint-disable-next-line no-control-regex -- nothing else can be told from what a template says
const MARK = /\x01([^\x02]*):(\d+)\x02|\x03([^\x05]*)\x05([^\x04]*)\x04/g

// oxlint-disable-next-line no-control-regex -- to find them is what it is for
export const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/
const BARE = /^(?!-)[A-Za-z0-9._:/,@%+=-]+$/
export const QUOTED = /^[A-Za-z0-9 ._:/@=+,-]*$/

/** A line of a role's words, with the template line it comes from. */
export interface Line {
  readonly text: string
  readonly at: Place
}

export const markLine = (file: string, line: number) => `\x01${file}:${line}\x02`
export const markValue = (name: string, value: string) => `\x03${name}\x05${value}\x04`

/** Whether a text can stand in a rule outside of quotes: one word that is no option. */
const isBareWord = (text: string) => BARE.test(text)

/**
 * Takes the marks out again: every line that isn't blank, with its place.
 * Throws `value-unsafe` where a value would break out of its word or of its quotes.
 */
export function readLines(marked: string, file: string): Line[] {
  const lines: Line[] = []
  let at: Place = { file, line: 1 }
  for (const raw of marked.split('\n')) {
    const line = readLine(raw, at)
    at = line.next
    if (line.text.trim() !== '') lines.push({ text: line.text.trim(), at: line.at })
  }
  return lines
}

function readLine(raw: string, before: Place): { text: string; at: Place; next: Place } {
  let text = ''
  let first: Place | undefined
  let now = before
  let from = 0
  const take = (piece: string) => {
    if (piece.trim() !== '') first ??= now
    text += piece
  }
  for (const match of raw.matchAll(MARK)) {
    take(raw.slice(from, match.index))
    from = match.index + match[0].length
    if (match[1] !== undefined) now = { file: match[1], line: Number(match[2]) }
    else take(checked(match[3] ?? '', match[4] ?? '', isOpen(text), now))
  }
  take(raw.slice(from))
  return { text, at: first ?? now, next: now }
}

const isOpen = (text: string) => (text.replaceAll(/\\./g, '').split('"').length - 1) % 2 === 1

function checked(variable: string, value: string, quoted: boolean, at: Place): string {
  if (quoted ? QUOTED.test(value) : isBareWord(value)) return value
  throw new FleetError('value-unsafe', { variable, value: JSON.stringify(value), quoted }, { at })
}
