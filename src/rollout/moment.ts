const OF_DAY = /^(\d{1,2}):(\d\d)$/

/**
 * The moment that `2026-01-31T22:30` or `22:30` means, in milliseconds since the epoch: in the time of this machine
 * unless it says another (`Z`, `+02:00`). A time of the day is the next one from `from` on.
 */
function momentOf(text: string, from: number): number {
  const [, hour, minute] = OF_DAY.exec(text) ?? []
  if (hour === undefined || minute === undefined) return new Date(text.replace(' ', 'T')).getTime()
  const day = new Date(from)
  day.setHours(Number(hour), Number(minute), 0, 0)
  if (day.getTime() < from) day.setDate(day.getDate() + 1)
  return day.getTime()
}

/** When hosts may start, in milliseconds since the epoch; what isn't said has no bound. */
export interface Window {
  readonly opens?: number
  readonly closes?: number
}

/** Two times of the day are the window of every day: whoever comes in the middle of it doesn't wait for the next. */
export function windowAt(from: number, notBefore?: string, notAfter?: string): Window {
  const opens = notBefore === undefined ? undefined : momentOf(notBefore, from)
  if (notAfter === undefined) return opens === undefined ? {} : { opens }
  // What closes just now is closed.
  const soonest = momentOf(notAfter, from + 1)
  if (opens === undefined) return { closes: soonest }
  const isOpen = isOfDay(notBefore) && isOfDay(notAfter) && soonest < opens
  return isOpen ? { closes: soonest } : { opens, closes: momentOf(notAfter, opens + 1) }
}

const isOfDay = (text: string | undefined) => text !== undefined && OF_DAY.test(text)
