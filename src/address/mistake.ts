import { parseCidr } from 'cidr-tools'
import { FleetError } from '../model/error.ts'
import { familyOf, isPlainIPv6, parseNetworks } from './network.ts'

/*
 * Addresses as people type them and programs log them.
 */

/**
 * An IPv4 address in IPv6's clothes, as daemons that listen for both log it, is the IPv4 address: that is what stands in
 * its packets. Each end of a range: `::ffff:203.0.113.9`, `::ffff:cb00:7109` and `0:0:0:0:0:ffff:cb00:7109` are one
 * address.
 */
export const unmapped = (text: string) => text.split('-').map(undressed).join('-')

function undressed(text: string): string {
  if (isPlainIPv6(text)) return text
  const [, address = '', prefix] = /^\s*([\da-f:.]+)(?:\/(\d+))?\s*$/i.exec(text) ?? []
  if (familyOf(address) !== 6 || Number(prefix ?? 128) < 96) return text
  const { start } = parseCidr(address)
  if (start >> 32n !== 0xffffn) return text
  const bytes = [24n, 16n, 8n, 0n].map(shift => (start >> shift) & 255n)
  return `${bytes.join('.')}${prefix === undefined ? '' : `/${Number(prefix) - 96}`}`
}

/** Why a word is no address, and which one was meant, where that shows. */
interface Mistake {
  readonly why: string
  readonly meant: string | null
}

/** Of the error that parseNetworks throws for a word; any other goes on up. */
export function mistakeOf(text: string, error: unknown): Mistake {
  if (!(error instanceof FleetError) || error.code !== 'address-invalid') throw error
  const { why, meant = null } = mistakeIn(text) ?? { why: String(error.args.why) }
  return { why, meant }
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
  if (/^\d+(\.\d+){0,2}$/.test(text)) return shortOf(text)
  return /^\d+(\.\d+){4,}$/.test(text) ? { why: 'long' } : undefined
}

function shortOf(text: string): ReturnType<typeof mistakeIn> {
  const parts = text.split('.')
  const network = `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`
  return isAddress(network) ? { why: 'short', meant: network } : { why: 'short' }
}

export function isAddress(text: string): boolean {
  try {
    parseNetworks(text)
    return true
  } catch {
    return false
  }
}
