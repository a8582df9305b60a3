import { Opaque, type Value } from '../model/value.ts'

/** Puts an `Opaque` in the place of each string that holds Jinja, however deep. */
export function hideJinja(value: Value): Value {
  if (typeof value === 'string') return isJinja(value) ? new Opaque('jinja', value) : value
  if (typeof value !== 'object' || value === null || value instanceof Opaque) return value
  if (isList(value)) return value.map(hideJinja)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideJinja(inner)]))
}

export const isJinja = (text: string) => /\{\{|\{%|\{#/.test(text)

/** The first opaque value in a value, however deep. */
export function findOpaque(value: Value): Opaque | undefined {
  if (value instanceof Opaque) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (const inner of isList(value) ? value : Object.values(value)) {
    const found = findOpaque(inner)
    if (found !== undefined) return found
  }
  return undefined
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
