import * as v from 'valibot'
import { duration } from './duration.ts'
import { isMoment } from './moment.ts'

/*
 * What `rollout:` may say, in fleet.yml and by flags. The message of each schema is the word for what was expected.
 */

const text = v.pipe(v.string('text'), v.nonEmpty('text'))
const count = v.pipe(v.number('count'), v.integer('count'), v.minValue(1, 'count'))
/** Told as what it is one way to write of. */
const share = (of: string) => v.pipe(v.string(of), v.regex(/^(?:100|[1-9]?\d)(?:\.\d+)?%$/, of))
const amount = v.pipe(v.number('amount'), v.integer('amount'), v.minValue(0, 'amount'))
const borne = v.nullish(v.union([amount, share('amount')], 'amount'))
const counts = v.custom<Readonly<Record<string, number>>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(one => v.is(count, one)),
  'counts',
)
const moment = v.pipe(v.string('moment'), v.check(isMoment, 'moment'))
const limit = v.pipe(duration, v.minValue(1000, 'limit'))

const port = v.pipe(v.number('gate'), v.integer('port'), v.minValue(1, 'port'), v.maxValue(65_535, 'port'))
/** One without time to answer would fail before the change, and count for nothing. */
const patience = v.pipe(duration, v.minValue(100, 'patience'), v.maxValue(300_000, 'patience'))
const where = { from: v.optional(text), on: v.optional(text), timeout: v.optional(patience) }
const gate = v.union(
  [
    v.strictObject({ tcp: port, ...where }),
    v.strictObject({ http: text, ...where }),
    v.strictObject({ command: text, ...where }),
    v.strictObject({
      prometheus: text,
      at: v.pipe(
        v.string('gate'),
        v.regex(/^https?:\/\//, 'gate'),
        v.check(at => URL.canParse(at), 'gate'),
      ),
      timeout: v.optional(patience),
      from: v.optional(v.never('gate')),
      on: v.optional(v.never('gate')),
    }),
  ],
  'gate',
)

/** A number and a share can't be compared before the hosts are known. */
function neverFalls(stages: readonly (number | string)[]): boolean {
  const of = (kind: string) =>
    stages.flatMap(one => (typeof one === kind ? Number.parseFloat(String(one)) : []))
  return [of('number'), of('string')].every(sizes => sizes.every((size, at) => size >= (sizes[at - 1] ?? 0)))
}

/** A probe: what passed before a change must pass after it. `from` is a host of the inventory, `on` a group or a role. */
export type WrittenGate = v.InferOutput<typeof gate>

export const GATE_NAMES = ['tcp', 'http', 'command', 'prometheus', 'at', 'from', 'on', 'timeout']

export const rolloutEntries = {
  stages: v.nullish(
    v.pipe(
      v.array(v.union([count, share('stage')], 'stage'), 'stages'),
      v.minLength(1, 'stages'),
      v.check(stages => neverFalls(stages), 'rising'),
    ),
  ),
  canaries: v.nullish(counts),
  spread: v.nullish(text),
  shuffle: v.nullish(v.union([text, v.pipe(v.number(), v.transform(String))], 'text')),
  maxParallel: v.nullish(counts),
  maxFailures: borne,
  maxStageFailures: borne,
  maxSkipped: borne,
  unreachable: v.nullish(v.picklist(['abort', 'skip'], 'unreachable')),
  soak: v.nullish(duration),
  gates: v.nullish(v.array(gate, 'gates')),
  onFailure: v.nullish(v.picklist(['stop', 'revert-stage', 'revert-all', 'pause'], 'onFailure')),
  manual: v.nullish(v.boolean('yes or no')),
  notBefore: v.nullish(moment),
  notAfter: v.nullish(moment),
  hostTimeout: v.nullish(limit),
  timeout: v.nullish(limit),
}

const schema = v.object(rolloutEntries)

type Written = v.InferOutput<typeof schema>

/** How a change goes over the hosts. What is left out is left out: `cli/course.ts` knows what that means. */
export type Rollout = { readonly [Name in keyof Written]?: NonNullable<Written[Name]> }

/** What was wrong with a value that a flag gave: its name, and the word for what was expected. */
export interface WrongValue {
  readonly name: string
  readonly expected: string
}

/** The same by flags. */
export function parseRollout(value: Readonly<Record<string, unknown>>): Rollout | WrongValue {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return withoutNulls(parsed.output)
  const [issue] = parsed.issues
  const key = issue.path?.[0]?.key
  return { name: typeof key === 'string' ? key : '', expected: issue.message }
}

/** What `parseRollout` reads as the same. */
export function writeRollout({ gates, ...rest }: Rollout): Readonly<Record<string, unknown>> {
  const times = (['soak', 'hostTimeout', 'timeout'] as const).flatMap(name =>
    rest[name] === undefined ? [] : [[name, written(rest[name])]],
  )
  return {
    ...rest,
    ...Object.fromEntries(times),
    ...(gates ? { gates: gates.map(writeGate) } : {}),
  }
}

const writeGate = (gate: WrittenGate) =>
  gate.timeout === undefined ? gate : { ...gate, timeout: written(gate.timeout) }

/** A bare number would be seconds. */
const written = (milliseconds: number) => `${milliseconds}ms`

export function withoutNulls(written: Written): Rollout {
  return Object.fromEntries(
    Object.entries(written).filter(([, value]) => value !== null && value !== undefined),
  )
}
