import * as v from 'valibot'
import { duration } from './duration.ts'
import { feedEntries, feedsSchema } from './feeds.ts'
import { hookEntries, hooksSchema } from './hooks.ts'
import { GATE_NAMES, rolloutEntries } from './rollout.ts'

/*
 * The message of each schema is the word for what was expected; its sentence lives in the report.
 */

const text = v.pipe(v.string('text'), v.nonEmpty('text'))
const count = v.pipe(v.number('count'), v.integer('count'), v.minValue(1, 'count'))
const list = v.union(
  [
    v.pipe(
      text,
      v.transform(name => [name]),
    ),
    v.array(text, 'names'),
  ],
  'names',
)
/** valibot takes a list for an object. */
const mapping = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'mapping',
)

const concurrencyEntries = {
  hosts: v.nullish(count),
  starts: v.nullish(count),
  open: v.nullish(count),
}

const entries = {
  inventory: v.nullish(list),
  templates: v.nullish(text),
  journal: v.nullish(text),
  roles: v.nullish(v.pipe(mapping, v.record(v.string(), list))),
  rollout: v.nullish(v.pipe(mapping, v.object(rolloutEntries))),
  hooks: v.nullish(hooksSchema),
  feeds: v.nullish(feedsSchema),
  concurrency: v.nullish(v.pipe(mapping, v.object(concurrencyEntries))),
  confirmTimeout: v.nullish(
    v.pipe(duration, v.minValue(4000, 'confirmTimeout'), v.maxValue(1_800_000, 'confirmTimeout')),
  ),
}

/** `fleet.yml` as it may be written, but for unknown names: valibot stops at the first of them. */
export const configSchema = v.pipe(mapping, v.object(entries))

export type WrittenConfig = v.InferOutput<typeof configSchema>

/** Names that will mean something once fleet can do what they are about. */
export const NOT_YET: Readonly<Record<string, readonly string[]>> = { concurrency: ['startsPerBastion'] }

/** The names that may stand at the top and below each of these, or in each item of their lists; `.*` below whatever stands there. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(entries),
  rollout: Object.keys(rolloutEntries),
  'rollout.gates': GATE_NAMES,
  hooks: Object.keys(hookEntries),
  concurrency: Object.keys(concurrencyEntries),
  'feeds.*': Object.keys(feedEntries),
}
