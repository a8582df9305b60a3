import { FleetError } from '../model/error.ts'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** When a block ends, in epoch seconds; 0 is never. `now` in milliseconds. Throws `block-for`, `block-until`, `block-both`. */
export function endOf(
  given: { readonly for?: string | undefined; readonly until?: string | undefined },
  now: number,
): number {
  if (given.for !== undefined && given.until !== undefined)
    throw new FleetError('block-both', { for: given.for, until: given.until })
  if (given.for !== undefined) {
    const span = readSpan(given.for)
    if (typeof span === 'string') throw new FleetError('block-for', { text: given.for, why: span })
    return Math.ceil(now / 1000) + span
  }
  return given.until === undefined ? 0 : readMoment(given.until, now)
}

/** Seconds of `90s`, `30m`, `24h`, `1d12h`, `2w`; otherwise why it can't be read. */
export function readSpan(text: string): number | 'unit' | 'form' | 'long' {
  const parts = [...text.matchAll(/(\d+)\s*([smhdw])/g)]
  const seconds = parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (SECONDS[unit] ?? 0), 0)
  const isWhole = /^\s*(?:\d+\s*[smhdw]\s*)+$/.test(text)
  if (!isWhole || seconds === 0) return /^\d+$/.test(text) ? 'unit' : 'form'
  return seconds > MOST ? 'long' : seconds
}

/** A hundred years: what is further away was mistyped, or meant for ever. */
const MOST = 100 * 365 * 86_400

const FORM = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?)?$/

/** `2026-11-23`, `2026-11-23 18:20`, `2026-11-23T18:20:00Z`, or `18:20`: the next one. Without a zone it is this machine's. */
function readMoment(text: string, now: number): number {
  if (text === 'never') return 0
  const wrong = (why: string) => new FleetError('block-until', { text, why })
  const time = /^(?:[01]\d|2[0-3]):[0-5]\d$/.exec(text.trim())
  if (time) return nextTime(text.trim(), now)
  const [, date, clock = '00:00', seconds = ':00', zone = ''] = FORM.exec(text.trim()) ?? []
  if (date === undefined) throw wrong('form')
  const moment = Date.parse(`${date}T${clock}${seconds}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`)
  if (Number.isNaN(moment) || !isDay(date)) throw wrong('day')
  if (moment <= now) throw wrong('past')
  if (moment - now > MOST * 1000) throw wrong('far')
  return Math.ceil(moment / 1000)
}

/** Date.parse takes the 31st of February for the 3rd of March. */
function isDay(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)
}

function nextTime(text: string, now: number): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  const moment = new Date(now)
  moment.setHours(hours, minutes, 0, 0)
  if (moment.getTime() <= now) moment.setDate(moment.getDate() + 1)
  return moment.getTime() / 1000
}
