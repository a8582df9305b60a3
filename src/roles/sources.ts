import { createHash } from 'node:crypto'
import { aggregate } from '../address/aggregate.ts'
import { mistakeOf } from '../address/mistake.ts'
import { familyOf, parseNetworks } from '../address/network.ts'
import { isFeedWord } from '../feeds/named.ts'
import { FleetError } from '../model/error.ts'
import { FAMILIES, type Family, type PerFamily } from '../model/family.ts'
import type { Place } from '../model/place.ts'
import type { IpSet } from '../ruleset/ruleset.ts'
import type { AddressBook } from './book.ts'
import { show } from './values.ts'

/** One source or destination: a network as iptables writes it, or a range that is no single network. */
export interface Entry {
  readonly family: Family
  readonly word: string
  readonly range: boolean
}

/** What a `from` or `to` stands for. No entries and not `anywhere` is nobody: it never widens. */
export interface Sources {
  readonly anywhere: boolean
  readonly entries: PerFamily<readonly Entry[]>
}

const NOWHERE: PerFamily<readonly Entry[]> = { 4: [], 6: [] }
const NOT_YET = ['set', 'dns']
const REFERENCE = /^(group|host|set|dns|country|feed):(.*)$/
/** More entries than this become one rule with an ipset. */
const MOST_RULES = 16

/**
 * Reads sources: the word `anywhere`, an address, a CIDR, a range, `group:NAME`, `host:NAME`, `feed:NAME`, `country:NAME`,
 * or a list or a comma-separated text of them without `anywhere`. null, '' and [] are nobody.
 * Throws FleetErrors at `at`.
 */
export function readSources(value: unknown, book: AddressBook, at: Place): Sources {
  if (value === 'anywhere') return { anywhere: true, entries: NOWHERE }
  const entries = new Map<string, Entry>()
  for (const text of sourceTexts(value, at)) {
    for (const entry of readSource(text, book, at)) entries.set(entry.word, entry)
  }
  const all = [...entries.values()]
  const of = (family: Family) => {
    const some = all.filter(entry => entry.family === family)
    const whole = some.find(isWholeFamily)
    return whole ? [whole] : some
  }
  return { anywhere: false, entries: { 4: of(4), 6: of(6) } }
}

export const isNobody = ({ anywhere, entries }: Sources) =>
  !anywhere && FAMILIES.every(family => entries[family].length === 0)

function sourceTexts(value: unknown, at: Place): string[] {
  if (value === null || value === '') return []
  const items: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
  return items.map(item => {
    if (typeof item !== 'string') throw new FleetError('source-shape', { got: show(item) }, { at })
    const text = item.trim()
    if (text === 'anywhere') throw new FleetError('source-anywhere-in-list', {}, { at })
    return text
  })
}

function readSource(text: string, book: AddressBook, at: Place): Entry[] {
  // `feed::1` is an IPv6 address and no feed.
  const reference = familyOf(text.split('/')[0] ?? '') === undefined ? REFERENCE.exec(text) : null
  if (!reference) return [readNetwork(text, at, book)]
  const [, kind = '', name = ''] = reference
  if (NOT_YET.includes(kind)) throw new FleetError('source-not-yet', { kind, text }, { at })
  if (isFeedWord(text)) return readList(text, book, at)
  return book
    .addresses(kind === 'host' ? 'host' : 'group', name, at)
    .map(address => readNetwork(address.text, address.at))
}

/** The networks of a list of others stand there as ipset prints them: without the prefix of a single address. */
function readList(word: string, book: AddressBook, at: Place): Entry[] {
  const networks = book.list(word, at)
  return FAMILIES.flatMap(family =>
    networks[family].map(network => {
      const whole = network.includes('/') ? network : `${network}/${family === 4 ? 32 : 128}`
      return { family, word: whole, range: false }
    }),
  )
}

function readNetwork(text: string, at: Place, book?: AddressBook): Entry {
  try {
    const { family, cidrs } = parseNetworks(text)
    const [only, ...more] = cidrs
    if (only !== undefined && more.length === 0) return { family, word: only, range: false }
    return { family, word: text.replaceAll(/\s/g, ''), range: true }
  } catch (error) {
    const mistake = mistakeOf(text, error)
    const meant = mistake.meant ?? book?.meant(text) ?? null
    throw new FleetError('address-invalid', { text, ...mistake, meant }, { at })
  }
}

const sets = new WeakMap<readonly Entry[], IpSet>()

/** The ipset for a long list of one family; undefined for a list that is short enough for a rule an entry. */
export function setOf(entries: readonly Entry[]): IpSet | undefined {
  const first = entries[0]
  if (!first || entries.length <= MOST_RULES) return undefined
  const known = sets.get(entries)
  const set = known ?? makeSet(first.family, entries)
  if (!known) sets.set(entries, set)
  return set
}

/** `0.0.0.0/0` and `::/0` match every packet of their family, and then they are the only entry: iptables writes no address. */
export const isWholeFamily = ({ word }: Entry) => word.endsWith('/0')

function makeSet(family: Family, entries: readonly Entry[]): IpSet {
  const members = aggregate(entries.map(({ word }) => word))
  const hash = createHash('sha256').update(members.join('\n')).digest('hex').slice(0, 12)
  return { name: `fleet${family}-${hash}`, family, type: 'hash:net', entries: members }
}
