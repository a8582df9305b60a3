import { Opaque } from '../model/value.ts'
import type { DeclaredVariable, VariableType } from './template.ts'

/** A port or a range of ports, as iptables writes it: `22`, `8000:8080`. */
export type PortWord = string

interface Problem {
  readonly expected: string
  readonly got: string
}

export type Read =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: Problem }

const INTERFACE = /^[A-Za-z0-9][\w.:@-]{0,14}\+?$/
const WORDS = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
])

interface Reader {
  /** Undefined: not such a value. */
  readonly read: (value: unknown, variable: DeclaredVariable) => unknown
  readonly expected: (variable: DeclaredVariable) => string
}

const READERS: Readonly<Record<VariableType, Reader>> = {
  port: { read: portNumber, expected: () => 'a port from 1 to 65535' },
  ports: { read: readPorts, expected: () => 'ports such as 443, 8000-8080 or [80, 443]' },
  boolean: {
    read: value => (typeof value === 'boolean' ? value : WORDS.get(spell(value) ?? '')),
    expected: () => 'true or false',
  },
  interface: { read: readInterface, expected: () => 'an interface such as eth0, at most 15 characters' },
  enum: {
    read: (value, { values }) => values.find(allowed => allowed === spell(value)),
    expected: ({ values }) => `one of ${values.join(', ')}`,
  },
  string: { read: spell, expected: () => 'a word or a text' },
  sources: { read: value => value, expected: () => 'sources' },
}

/**
 * A variable's value as its type says, or what was expected instead. INI inventories give numbers and
 * booleans as strings, so those are read too. `sources` are read by `sources.ts`.
 */
export function readValue(variable: DeclaredVariable, value: unknown): Read {
  const { read, expected } = READERS[variable.type]
  const found = read(value, variable)
  if (found !== undefined) return { value: found }
  return { problem: { expected: expected(variable), got: show(value) } }
}

/** What a plain value is as text; undefined for lists, null and the like. */
export function spell(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? `${value}`
    : undefined
}

/** null, '' and [] are no port at all: a rule that takes its ports from them is no rule. */
export function readPorts(value: unknown): readonly PortWord[] | undefined {
  if (value === null || value === '') return []
  const items: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
  const words = items.map(item => portWord(item))
  return words.every(word => word !== undefined) ? [...new Set(words)] : undefined
}

function portWord(value: unknown): PortWord | undefined {
  const [from, to, ...rest] = typeof value === 'string' ? value.trim().split(/[:-]/) : [value]
  if (rest.length > 0 || from === undefined) return undefined
  const start = portNumber(from)
  if (to === undefined) return start?.toString()
  const end = portNumber(to)
  return start !== undefined && end !== undefined && start <= end ? `${start}:${end}` : undefined
}

function portNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65535
    ? number
    : undefined
}

export function readInterface(value: unknown): string | undefined {
  return typeof value === 'string' && INTERFACE.test(value) && value.length <= 15 ? value : undefined
}

/** A value for a message: short, and never the text of a secret. */
export function show(value: unknown): string {
  if (value instanceof Opaque) return `a ${value.kind} value`
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'bigint') return String(value)
  if (value === undefined) return 'nothing'
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)).slice(0, 60)
}
