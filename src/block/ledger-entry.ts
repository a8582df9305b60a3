import { FleetError } from '../model/error.ts'
import type { Args } from '../model/finding.ts'
import { nearest } from '../model/nearest.ts'
import type { Entry } from './entry.ts'
import { readAddress } from './words.ts'

/** What stands under one address, unchecked. */
type Fields = Readonly<Record<string, unknown>>

/** One entry before it is checked, and its line. */
export interface RawEntry {
  readonly line: number
  readonly address: unknown
  /** All else. The very object of the entry before, where that said the same. */
  readonly rest: Fields
}

const KNOWN = ['until', 'direction', 'reason', 'by', 'at', 'limit', 'evenSo', 'lifted']

interface Wrong {
  readonly code: string
  readonly args: Args
}

/** A field that isn't what it should be. */
class Mistake extends Error {
  readonly wrong: Wrong
  constructor(wrong: Wrong) {
    super(wrong.code)
    this.wrong = wrong
  }
}

/** `like`: what came of an entry that says all the same of another address. */
export function readEntry({ address, rest }: RawEntry, like?: Entry): Entry | Wrong {
  try {
    return like ? { ...like, address: addressOf(address) } : entryOf(address, rest)
  } catch (error) {
    if (error instanceof Mistake) return error.wrong
    if (error instanceof FleetError) return { code: error.code, args: error.args }
    throw error
  }
}

const addressOf = (said: unknown) =>
  readAddress(text({ address: said }, 'address', 'an address, a network or a range')).address

function entryOf(said: unknown, fields: Fields): Entry {
  const unknown = Object.keys(fields).find(name => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new Mistake({
      code: 'ledger-field',
      args: { name: unknown, nearest: nearest(unknown, ['address', ...KNOWN]) ?? null },
    })
  const address = addressOf(said)
  const optional = (name: string) => (fields[name] === undefined ? undefined : text(fields, name, 'a text'))
  const [reason, limit] = [optional('reason'), optional('limit')]
  return {
    address,
    direction: directionOf(fields.direction ?? 'both'),
    until: untilOf(fields.until ?? 'never'),
    ...(reason === undefined ? {} : { reason }),
    by: optional('by') ?? '?',
    at: moment(fields.at ?? '1970-01-01T00:00:00Z', 'at'),
    ...(limit === undefined ? {} : { limit }),
    evenSo: evenSoOf(fields.evenSo ?? []),
    ...(fields.lifted === undefined ? {} : { lifted: liftedOf(fields.lifted) }),
  }
}

const bad = (name: string, value: unknown, expected: string) =>
  new Mistake({
    code: 'ledger-value',
    args: { name, value: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), expected },
  })

function text(fields: Fields, name: string, expected: string): string {
  const value = fields[name]
  if (typeof value === 'string' && value !== '') return value
  if (value === undefined) throw new Mistake({ code: 'ledger-missing', args: { name, expected } })
  throw bad(name, value, expected)
}

function directionOf(value: unknown): Entry['direction'] {
  if (value === 'in' || value === 'out' || value === 'both') return value
  throw bad('direction', value, 'in, out or both')
}

const untilOf = (value: unknown) => (value === 'never' ? 0 : Math.ceil(moment(value, 'until') / 1000))

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** A zone has to be there: the file is read on several machines. */
function moment(value: unknown, name: string): number {
  const time = typeof value === 'string' && FORM.test(value) ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw bad(name, value, `a time such as 2026-11-23T18:20:00Z${name === 'until' ? ', or never' : ''}`)
}

function evenSoOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every(one => typeof one === 'string'))
    return value.map(one => readAddress(one).address)
  throw bad('evenSo', value, 'a list of addresses')
}

function liftedOf(value: unknown): { by: string; at: number } {
  if (typeof value !== 'object' || value === null) throw bad('lifted', value, '{by: WHO, at: TIME}')
  const by: unknown = Reflect.get(value, 'by')
  return { by: typeof by === 'string' ? by : '?', at: moment(Reflect.get(value, 'at'), 'lifted.at') }
}
