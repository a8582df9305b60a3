import Handlebars from 'handlebars'
import { FleetError } from '../../model/error.ts'
import type { Family } from '../../model/family.ts'
import { CONTROL, markValue } from '../marks.ts'
import { PARTIAL_HELPER, VALUE_HELPER } from '../names.ts'
import { fromWords } from '../run.ts'
import { show, spell } from '../values.ts'
import { type Options, placeOf } from './call.ts'

const onlyIn = (family: Family) =>
  function (this: unknown, options: Options) {
    return options.data.fleet.run.family === family ? options.fn(this) : options.inverse(this)
  }

/** Blocks, comparison, and what the pass over a template puts in. */
export const blockHelpers = {
  v4: onlyIn(4),
  v6: onlyIn(6),
  eq: (a: unknown, b: unknown) => String(a) === String(b),
  each(this: unknown, items: unknown, options: Options) {
    const anywhere = fromWords(items)?.sources.anywhere ?? false
    if (!Array.isArray(items) || anywhere) {
      const got = anywhere ? 'anywhere' : show(items)
      throw new FleetError('each-not-list', { got }, { at: placeOf(options) })
    }
    return Handlebars.helpers.each?.call(this, items, options)
  },
  [VALUE_HELPER]: (name: string, value: unknown, options: Options) =>
    markValue(name, plainText(name, value, options)),
  [PARTIAL_HELPER](name: string, options: Options) {
    const { run } = options.data.fleet
    return run.runPartial(name, options.hash, placeOf(options))
  },
}

/** A list becomes what iptables takes as one: words with commas. Sources never do: they need a rule each, or a set. */
function plainText(name: string, value: unknown, options: Options): string {
  const items = Array.isArray(value) ? value : [value]
  const words = items.map(spell)
  const text = words.join(',')
  if (fromWords(value)) throw new FleetError('value-sources', { variable: name }, { at: placeOf(options) })
  if (words.every(word => word !== undefined) && !CONTROL.test(text) && !text.includes('\n')) return text
  throw new FleetError(
    'value-unsafe',
    { variable: name, value: show(value), quoted: false },
    { at: placeOf(options) },
  )
}
