import * as v from 'valibot'

const UNITS: Readonly<Record<string, number>> = {
  '': 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds of `30s`, `500ms`, `5m`, `1h`, `7d` or a bare number of seconds; `undefined` for anything else. */
function parseDuration(text: string | number): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)$/.exec(String(text)) ?? []
  return number === undefined ? undefined : Number(number) * (UNITS[unit] ?? 0)
}

/** A time as people write it, in milliseconds. */
export const duration = v.pipe(
  v.union([v.string(), v.number()], 'duration'),
  v.transform(value => parseDuration(value)),
  v.number('duration'),
)
