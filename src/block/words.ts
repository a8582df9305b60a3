import { isIPv4 } from 'node:net'
import { readListOf } from '../address/list.ts'
import { mistakeOf, unmapped } from '../address/mistake.ts'
import { parseNetworks } from '../address/network.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Place } from '../model/place.ts'
import { fewest } from './fewest.ts'
import { canonical } from './span.ts'

/** An address, a network or a range that somebody named. */
export interface Named {
  /** `203.0.113.9`, `203.0.113.0/24`, `192.0.2.5-192.0.2.99`: one spelling for each. */
  readonly address: string
  /** Something else was typed, such as 203.0.113.9/24 for 203.0.113.0/24. */
  readonly typed?: string
}

/** Lists that are longer than this are aggregated: nobody lifts a single line of them. */
const LONG = 1000

/** One address, network or range; IPv4 in IPv6's clothes is IPv4. Throws `block-address`. */
export function readAddress(text: string, at?: Place): Named {
  // Most of a long list is this, and most of the time that it takes.
  if (isIPv4(text)) return { address: text }
  const word = unmapped(text)
  try {
    const { cidrs } = parseNetworks(word)
    const [only] = cidrs
    if (only !== undefined && cidrs.length === 1) return named(canonical(only), text)
    const ends = word.split('-').map(end => canonical(parseNetworks(end.trim()).cidrs[0] ?? ''))
    return named(ends.join('-'), text)
  } catch (error) {
    throw new FleetError('block-address', { text, ...mistakeOf(text, error) }, at ? { at } : {})
  }
}

const named = (address: string, typed: string): Named =>
  address === typed ||
  address === typed.toLowerCase() ||
  `${address}/32` === typed ||
  `${address}/128` === typed
    ? { address }
    : { address, typed }

/** A list that somebody typed or gathered, several a line too. Throws all that is wrong with it. */
export function readList(text: string, file: string): readonly Named[] {
  const { found, wrong } = readListOf(text, file, word => readAddress(word), 'several a line')
  if (wrong.length > 0) throw new FleetErrors(wrong)
  if (found.length === 0) throw new FleetError('block-list-empty', {}, { at: { file } })
  return found
}

/** Each address once, in the order in which they were named. A long list becomes the fewest networks of exactly its addresses. */
export function settleNamed(all: readonly Named[]): readonly Named[] {
  if (all.length > LONG) return fewest(all.map(({ address }) => address)).map(address => ({ address }))
  const once = new Map(all.map(one => [one.address, one]))
  return [...once.values()]
}
