import { isIPv4 } from 'node:net'
import { parseCidr } from 'cidr-tools'
import { familyOf, parseNetworks } from '../address/network.ts'
import { FleetError, FleetErrors } from '../model/error.ts'
import type { Finding } from '../model/finding.ts'
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

/** Mistakes that are told at once; there may be as many as lines. */
const TOLD = 10
/** Lists that are longer than this are aggregated: nobody lifts a single line of them. */
const LONG = 1000

/**
 * One address, network or range. An IPv4 address in IPv6's clothes, as daemons that listen for both log it, is the
 * IPv4 address: that is what stands in its packets. Throws `block-address`.
 */
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
    if (!(error instanceof FleetError) || error.code !== 'address-invalid') throw error
    const { why, meant = null } = mistakeIn(text) ?? { why: String(error.args.why) }
    throw new FleetError('block-address', { text, why, meant }, at ? { at } : {})
  }
}

const named = (address: string, typed: string): Named =>
  address === typed ||
  address === typed.toLowerCase() ||
  `${address}/32` === typed ||
  `${address}/128` === typed
    ? { address }
    : { address, typed }

/** Of each end of a range; `::ffff:203.0.113.9`, `::ffff:cb00:7109` and `0:0:0:0:0:ffff:cb00:7109` are one address. */
const unmapped = (text: string) => text.split('-').map(undressed).join('-')

function undressed(text: string): string {
  const [, address = '', prefix] = /^\s*([\da-f:.]+)(?:\/(\d+))?\s*$/i.exec(text) ?? []
  if (familyOf(address) !== 6 || Number(prefix ?? 128) < 96) return text
  const { start } = parseCidr(address)
  if (start >> 32n !== 0xffffn) return text
  const bytes = [24n, 16n, 8n, 0n].map(shift => (start >> shift) & 255n)
  return `${bytes.join('.')}${prefix === undefined ? '' : `/${Number(prefix) - 96}`}`
}

/** What half asleep fingers type. */
function mistakeIn(text: string): { why: string; meant?: string } | undefined {
  const port = /^\[?([^[\]]+?)\]?:(\d+)$/.exec(text)?.[1]
  if (port !== undefined && isAddress(port)) return { why: 'port', meant: port }
  const bare = /^\[(.+)\]$/.exec(text)?.[1]
  if (bare !== undefined && isAddress(bare)) return { why: 'brackets', meant: bare }
  const [, head, from = '', to] = /^((?:\d+\.){3})(\d+)-(\d+)$/.exec(text) ?? []
  if (head !== undefined && isAddress(`${head}${to}`))
    return { why: 'range-end', meant: `${head}${from}-${head}${to}` }
  if (/^[a-z]+:\/\//i.test(text)) return { why: 'url' }
  if (/^\d+(\.\d+){0,2}$/.test(text)) return { why: 'short', meant: networkOf(text) }
  return /^\d+(\.\d+){4,}$/.test(text) ? { why: 'long' } : undefined
}

function networkOf(text: string): string {
  const parts = text.split('.')
  return `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`
}

export function isAddress(text: string): boolean {
  try {
    parseNetworks(text)
    return true
  } catch {
    return false
  }
}

/** A list, one a line or several between blanks and commas; `#` and `;` begin a comment. Throws all that is wrong with it. */
export function readList(text: string, file: string): readonly Named[] {
  const named: Named[] = []
  const wrong: Finding[] = []
  let more = 0
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  lines.forEach((line, index) => {
    for (const word of isIPv4(line) ? [line] : wordsOf(line)) {
      try {
        named.push(readAddress(word, { file, line: index + 1 }))
      } catch (error) {
        if (!(error instanceof FleetError)) throw error
        if (wrong.length < TOLD) wrong.push(error.finding)
        else more += 1
      }
    }
  })
  if (more > 0) wrong.push({ code: 'block-list-more', severity: 'error', args: { more }, at: { file } })
  if (wrong.length > 0) throw new FleetErrors(wrong)
  if (named.length === 0) throw new FleetError('block-list-empty', {}, { at: { file } })
  return named
}

function wordsOf(line: string): readonly string[] {
  const said = line.replace(/[#;].*/, '').trim()
  if (/^\S+\s+-\s+\S+$/.test(said)) return [said.replaceAll(/\s/g, '')]
  return said.split(/[\s,]+/).filter(word => word !== '')
}

/** Each address once, in the order in which they were named. A long list becomes the fewest networks of exactly its addresses. */
export function settleNamed(all: readonly Named[]): readonly Named[] {
  if (all.length > LONG) return fewest(all.map(({ address }) => address)).map(address => ({ address }))
  const once = new Map(all.map(one => [one.address, one]))
  return [...once.values()]
}
