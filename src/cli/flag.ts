import type { Flags } from './command.ts'

interface Kinds {
  string: string
  number: number
  boolean: boolean
}

const IS: { readonly [K in keyof Kinds]: (value: unknown) => value is Kinds[K] } = {
  string: value => typeof value === 'string',
  number: value => typeof value === 'number',
  boolean: value => typeof value === 'boolean',
}

/** A flag's value where it was given with that kind. */
export function flag<K extends keyof Kinds>(flags: Flags, name: string, kind: K): Kinds[K] | undefined {
  const value = flags[name]
  const is = IS[kind]
  return is(value) ? value : undefined
}

/** A flag that can be given more than once, or a positional: always a list. */
export function flagList(flags: Flags, name: string): readonly string[] {
  const value = flags[name]
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'string' ? [value] : []
}
