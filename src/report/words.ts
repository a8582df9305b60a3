/** `1 host`, `3 hosts`. */
export const hosts = (count: number): string => `${count} host${count === 1 ? '' : 's'}`

/** What a host or a file said may hold sequences that a terminal would obey: but for line ends they are made visible. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, character => {
    if (character === '\n') return character
    return character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** A moment of ISO 8601 as people write it. */
export const minute = (iso: string): string => iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC')

/** The same to the second. */
export const second = (iso: string): string =>
  iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d).*Z$/, '$1 $2 UTC')

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
    const found = groups.get(key(item))
    if (found) found.push(item)
    else groups.set(key(item), [item])
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
