import type { Place } from './place.ts'

/** A value that fleet must not read (yet): a vaulted or a Jinja one. It travels; using it is the error. */
export class Opaque {
  readonly kind: 'vault' | 'jinja'
  readonly text: string

  constructor(kind: 'vault' | 'jinja', text: string) {
    this.kind = kind
    this.text = text
  }
}

/** What a variable can hold, as Ansible types it. Integers above 2^53 are bigint. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Opaque
  | readonly Value[]
  | { readonly [key: string]: Value }

/** A value with the place it was written. */
export interface Variable {
  readonly value: Value
  readonly at: Place
}

export type Variables = ReadonlyMap<string, Variable>
