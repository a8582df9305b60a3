const HOUR = String.raw`([01]?\d|2[0-3]):[0-5]\d`
const OF_DAY = new RegExp(`^${HOUR}$`)
const DATED = new RegExp(String.raw`^(\d{4}-\d\d-\d\d)[T ]${HOUR}(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$`)

/** A time of the day, or a moment in ISO 8601, that there is: one that isn't is never reached, and never over. */
export function isMoment(text: string): boolean {
  if (OF_DAY.test(text)) return true
  const [, day = ''] = DATED.exec(text) ?? []
  const moment = new Date(`${day}T00:00Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day) && day !== ''
}
