/** `1 host`, `3 hosts`. */
export const hosts = (count: number): string => `${count} host${count === 1 ? '' : 's'}`

/** `web1`, `web1, web2 (2 hosts)`. */
export const named = (names: readonly string[]): string =>
  names.join(', ') + (names.length > 1 ? ` (${hosts(names.length)})` : '')

/** What a host or a file said may hold sequences that a terminal would obey: but for line ends they are made visible. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, character => {
    if (character === '\n') return character
    return character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** A moment of ISO 8601 as people here write it: `2026-01-31 22:30 +01:00`. What is none stays as it is. */
export const minute = (iso: string): string => here(iso, '2026-01-31T22:30'.length)

/** The same to the second. */
export const second = (iso: string): string => here(iso, '2026-01-31T22:30:00'.length)

/** `22:30:00`, from milliseconds since the epoch. */
export const timeOfDay = (at: number): string => second(new Date(at).toISOString()).slice(11, 19)

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/

function here(iso: string, length: number): string {
  const at = new Date(MOMENT.test(iso) ? iso : Number.NaN)
  if (Number.isNaN(at.getTime())) return iso
  const ahead = -at.getTimezoneOffset()
  const shown = new Date(at.getTime() + ahead * 60_000).toISOString().slice(0, length)
  return `${shown.replace('T', ' ')} ${zone(ahead)}`
}

/** Minutes ahead of UTC as `+05:30`. */
function zone(ahead: number): string {
  if (ahead === 0) return 'UTC'
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60]
  const padded = [hours, minutes].map(part => String(part).padStart(2, '0'))
  return `${ahead < 0 ? '-' : '+'}${padded.join(':')}`
}

/** Text on one line of so many columns. */
export const cut = (text: string, columns: number): string =>
  text.length <= columns ? text : `${text.slice(0, columns - 1)}…`

/** Text that may have several lines, each set in by `indent`. */
export const indented = (text: string, indent: string): string =>
  text
    .split('\n')
    .map(line => (line === '' ? '' : indent + line))
    .join('\n')

/** Items by what they have in common, in the order in which each was first met. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const found = groups.get(name)
    if (found) found.push(item)
    else groups.set(name, [item])
  }
  return groups
}

/** `12 s`, `3 min 5 s`, `2 h 10 min`, from milliseconds. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** As `span`, with tenths where seconds would say nothing. */
export const fineSpan = (milliseconds: number): string =>
  milliseconds < 9950 ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s` : span(milliseconds)
