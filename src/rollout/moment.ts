/**
 * The moment that `2026-01-31T22:30` or `22:30` means, in milliseconds since the epoch: in the time of this machine
 * unless it says another (`Z`, `+02:00`). A time of the day is the next one from `from` on.
 */
export function momentOf(text: string, from: number): number {
  const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? []
  if (hour === undefined || minute === undefined) return new Date(text.replace(' ', 'T')).getTime()
  const day = new Date(from)
  day.setHours(Number(hour), Number(minute), 0, 0)
  if (day.getTime() < from) day.setDate(day.getDate() + 1)
  return day.getTime()
}
