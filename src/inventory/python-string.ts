const SINGLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
}
const NUMERIC = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/

interface Scanned {
  readonly value: string
  readonly length: number
}

/**
 * A string literal of Python's at the start of `text`, with its prefix (`r`, `u`, `b`) and in single, double or
 * triple quotes; `undefined` where there is none, it isn't closed, or it is an f-string.
 */
export function scanString(text: string): Scanned | undefined {
  const open = /^([rR]|[uU]|[bB][rR]?|[rR][bB])?('''|"""|'|")/.exec(text)
  if (open === null) return undefined
  const [all, prefix = '', quote = ''] = open
  const raw = /r/i.test(prefix)
  let value = ''
  for (let at = all.length; at < text.length; ) {
    if (text.startsWith(quote, at)) return { value, length: at + quote.length }
    const piece =
      text[at] === '\\' ? readEscape(text.slice(at + 1), raw) : { value: text[at] ?? '', length: 1 }
    if (piece === undefined) return undefined
    value += piece.value
    at += piece.length
  }
  return undefined
}

/** What a backslash and the text after it stand for; the length counts the backslash. */
function readEscape(after: string, raw: boolean): Scanned | undefined {
  const next = after[0]
  if (next === undefined || (next === 'N' && !raw)) return undefined
  if (raw) return { value: `\\${next}`, length: 2 }
  const single = SINGLE[next]
  if (single !== undefined) return { value: single, length: 2 }
  const numeric = NUMERIC.exec(after)
  if (numeric === null) return /[xuU]/.test(next) ? undefined : { value: `\\${next}`, length: 2 }
  const [all, x, u, long, octal] = numeric
  const code = octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : Number.parseInt(octal, 8)
  return code > 0x10ffff ? undefined : { value: String.fromCodePoint(code), length: all.length + 1 }
}
