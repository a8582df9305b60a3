import { FleetError } from '../../model/error.ts'
import type { Place } from '../../model/place.ts'
import type { Run } from '../run.ts'
import { show } from '../values.ts'

/** The options that the engine passes last to every helper. */
export interface Options {
  readonly hash: Readonly<Record<string, unknown>>
  readonly loc: { readonly start: { readonly line: number } }
  readonly data: { readonly fleet: { readonly run: Run; readonly file: string } }
  readonly fn: (context: unknown) => string
  readonly inverse: (context: unknown) => string
}

/** A call of a helper that writes rules. */
export interface Call {
  readonly verb: string
  readonly chain: string
  readonly values: Readonly<Record<string, unknown>>
  readonly run: Run
  readonly at: Place
}

export const placeOf = ({ data, loc }: Options): Place => ({ file: data.fleet.file, line: loc.start.line })

export const has = ({ values }: Call, key: string) => Object.hasOwn(values, key)

/** The error for a value that an argument can't have. */
export function badArgument({ verb, values, at }: Call, argument: string, expected: string): FleetError {
  return new FleetError(
    'helper-argument',
    { helper: verb, argument, got: show(values[argument]), expected },
    { at },
  )
}
