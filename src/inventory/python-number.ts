const DIGITS = '\\d(?:_?\\d)*'
const EXPONENT = `[eE][-+]?${DIGITS}`
const FLOAT = new RegExp(
  `^(?:(?:${DIGITS})?\\.${DIGITS}(?:${EXPONENT})?|${DIGITS}\\.(?:${EXPONENT})?|${DIGITS}${EXPONENT})`,
)
const INTEGER = /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?\d)*|0(?:_?0)*)/

/** A number of Python's at the start of `text`; `undefined` where there is none, as in `0777`, `1.2.3` or `10ms`. */
export function scanNumber(text: string): { value: number | bigint; length: number } | undefined {
  const float = FLOAT.exec(text)?.[0]
  const match = float ?? INTEGER.exec(text)?.[0]
  if (match === undefined || /^[\w.]/.test(text.slice(match.length))) return undefined
  const digits = match.replaceAll('_', '')
  return {
    value: float === undefined ? integer(BigInt(digits)) : Number(digits),
    length: match.length,
  }
}

/** As a number where that keeps every digit. */
export function integer(value: bigint): number | bigint {
  const small = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return small ? Number(value) : value
}
