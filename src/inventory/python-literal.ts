import type { Value } from '../model/value.ts'
import { scanNumber } from './python-number.ts'
import { scanString } from './python-string.ts'

const CLOSING = { '[': ']', '(': ')', '{': '}' } as const
const NAMES: Readonly<Record<string, Value>> = { True: true, False: false, None: null }
/** Python's own limit on nesting. */
const DEEPEST = 200

interface Cursor {
  readonly text: string
  at: number
  depth: number
}

class NotALiteral extends Error {}

/**
 * What Python's `ast.literal_eval` makes of a text: strings, numbers, `True`, `False`, `None`, lists, tuples, sets
 * and dicts of them. Tuples and sets become lists. `undefined` for anything that isn't a literal.
 */
export function parseLiteral(text: string): { readonly value: Value } | undefined {
  const cursor: Cursor = { text: text.replace(/^[ \t]+/, ''), at: 0, depth: 0 }
  try {
    const value = parseTuple(cursor)
    if (peek(cursor) !== undefined) return undefined
    return { value }
  } catch (error) {
    if (error instanceof NotALiteral) return undefined
    throw error
  }
}

/** One value, or several with commas between them: `22,80` needs no brackets. */
function parseTuple(cursor: Cursor, closing?: string): Value {
  const first = parseItem(cursor)
  if (peek(cursor) !== ',') return first
  const items = [first]
  while (take(cursor, ',') && peek(cursor) !== closing) items.push(parseItem(cursor))
  return items
}

function parseItem(cursor: Cursor): Value {
  const next = peek(cursor)
  if (next === '[' || next === '(' || next === '{') return parseBrackets(cursor, next)
  if (next === '+' || next === '-') return parseSigned(cursor)
  const rest = cursor.text.slice(cursor.at)
  const string = scanString(rest)
  if (string !== undefined) return parseStrings(cursor)
  const number = scanNumber(rest)
  if (number !== undefined) return advance(cursor, number.length, number.value)
  const name = /^[A-Za-z_]\w*/.exec(rest)?.[0] ?? ''
  const named = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
  if (named === undefined) throw new NotALiteral()
  return advance(cursor, name.length, named)
}

/** Neighbouring strings are one: `'a' 'b'` is `ab`. */
function parseStrings(cursor: Cursor): string {
  let whole = ''
  const bytes = isBytes(cursor)
  for (;;) {
    peek(cursor)
    const string = scanString(cursor.text.slice(cursor.at))
    if (string === undefined) return whole
    if (isBytes(cursor) !== bytes) throw new NotALiteral()
    whole += advance(cursor, string.length, string.value)
  }
}

const isBytes = (cursor: Cursor) => /^(b|rb)/i.test(cursor.text.slice(cursor.at, cursor.at + 2))

function parseSigned(cursor: Cursor): Value {
  const negative = cursor.text[cursor.at] === '-'
  cursor.at++
  peek(cursor)
  const number = scanNumber(cursor.text.slice(cursor.at))
  if (number === undefined) throw new NotALiteral()
  const value = advance(cursor, number.length, number.value)
  if (!negative) return value
  return value === 0 ? 0 : -value
}

function parseBrackets(cursor: Cursor, opening: keyof typeof CLOSING): Value {
  cursor.at++
  if (++cursor.depth > DEEPEST) throw new NotALiteral()
  const closing = CLOSING[opening]
  const value = parseInside(cursor, opening, closing)
  if (!take(cursor, closing)) throw new NotALiteral()
  cursor.depth--
  return value
}

function parseInside(cursor: Cursor, opening: string, closing: string): Value {
  if (peek(cursor) === closing) return opening === '{' ? {} : []
  if (opening === '(') return parseTuple(cursor, closing)
  const first = parseItem(cursor)
  if (opening === '{' && peek(cursor) === ':') return parseDict(cursor, first)
  const items = [first]
  while (take(cursor, ',') && peek(cursor) !== closing) items.push(parseItem(cursor))
  if (opening === '{' && items.some(isUnhashable)) throw new NotALiteral()
  return items
}

function parseDict(cursor: Cursor, firstKey: Value): Value {
  const entries: [string, Value][] = []
  let key = firstKey
  for (;;) {
    if (isUnhashable(key) || !take(cursor, ':')) throw new NotALiteral()
    entries.push([keyName(key), parseItem(cursor)])
    if (!take(cursor, ',') || peek(cursor) === '}') return Object.fromEntries(entries)
    key = parseItem(cursor)
  }
}

const isUnhashable = (value: Value) => typeof value === 'object' && value !== null

/** Keys other than strings as JSON writes them. */
const keyName = (key: Value) => (typeof key === 'object' ? 'null' : String(key))

function take(cursor: Cursor, character: string): boolean {
  if (peek(cursor) !== character) return false
  cursor.at++
  return true
}

/** The next character that isn't space or in a comment. */
function peek(cursor: Cursor): string | undefined {
  while (/^[ \t\f]/.test(cursor.text[cursor.at] ?? '')) cursor.at++
  if (cursor.text[cursor.at] === '#') cursor.at = cursor.text.length
  return cursor.text[cursor.at]
}

function advance<T>(cursor: Cursor, length: number, value: T): T {
  cursor.at += length
  return value
}
