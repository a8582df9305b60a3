/** Words split as a POSIX shell splits them, or why they can't be. */
export type Words = { readonly words: readonly string[] } | { readonly why: 'quote' | 'backslash' }

/**
 * Splits as Python's `shlex.split(comments=True)` does: quotes and backslashes are read, and `#` starts a comment even
 * inside a word.
 */
export function splitWords(line: string, comments = true): Words {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? ''
    if (character === '#' && comments) break
    if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '\\') {
      if (++at >= line.length) return { why: 'backslash' }
      word = (word ?? '') + (line[at] ?? '')
    } else if (character === '"' || character === "'") {
      const quoted = readQuoted(line, at + 1, character)
      if (quoted === undefined) return { why: 'quote' }
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  return { words }
}

/** The text up to the closing quote, and where that stands. Inside double quotes `\"` and `\\` are escapes. */
function readQuoted(line: string, from: number, quote: string): { text: string; end: number } | undefined {
  let text = ''
  for (let at = from; at < line.length; at++) {
    const character = line[at] ?? ''
    if (character === quote) return { text, end: at }
    const next = line[at + 1]
    const escapes = quote === '"' && character === '\\' && (next === '"' || next === '\\')
    text += escapes ? next : character
    if (escapes) at++
  }
  return undefined
}
