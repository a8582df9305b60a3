import { isIPv6 } from 'node:net'

/** The names that one word of an inventory stands for, or why it can't be read. */
export type HostNames =
  | { readonly names: readonly string[]; readonly port?: number }
  | { readonly why: HostNameFault }

export type HostNameFault =
  | 'empty'
  | 'port'
  | 'range-form'
  | 'range-end'
  | 'range-order'
  | 'range-width'
  | 'range-step'
  | 'user'
  | 'yaml'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const RANGE = /^([^[\]]*)\[([^[\]]*)\](.*)$/s
/** Enough for any inventory, and little enough for memory. */
const MOST = 65_536

/**
 * Reads `name`, `name:22`, `[name]:22`, an IPv6 address, and ranges `web[01:20:2]`, several of which expand from left
 * to right. Ansible takes what it can't read as a name; here that is a fault where it holds a colon or an `@`.
 */
export function readHostNames(word: string): HostNames {
  if (word === '---') return { why: 'yaml' }
  const { name, port } = splitPort(word)
  const names = expand(name)
  if (typeof names === 'string') return { why: names }
  const fault = names.map(faultOf).find(why => why !== undefined)
  if (fault !== undefined) return { why: fault }
  return { names, ...(port === undefined ? {} : { port }) }
}

/** Takes off `:22`; a bare IPv6 address keeps its colons. */
export function splitPort(word: string): { name: string; port?: number } {
  if (isIPv6(word)) return { name: word }
  const match = /^\[([^[\]]+)\]:(\d+)$/.exec(word) ?? /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(word)
  const [, name, port] = match ?? []
  return name === undefined ? { name: word } : { name, port: Number(port) }
}

function faultOf(name: string): HostNameFault | undefined {
  if (name === '') return 'empty'
  if (name.includes('@')) return 'user'
  return name.includes(':') && !isIPv6(name) ? 'port' : undefined
}

function expand(name: string): string[] | HostNameFault {
  if (!/[[\]]/.test(name)) return [name]
  const [, head = '', range, tail = ''] = RANGE.exec(name) ?? []
  if (range === undefined) return 'range-form'
  const middle = expandRange(range)
  if (typeof middle === 'string') return middle
  const tails = expand(tail)
  if (typeof tails === 'string') return tails
  if (middle.length * tails.length > MOST) return 'range-form'
  return middle.flatMap(part => tails.map(rest => head + part + rest))
}

function expandRange(range: string): string[] | HostNameFault {
  const [from = '', end, step = '1', ...rest] = range.split(':')
  if (end === undefined || rest.length > 0) return 'range-form'
  const start = from === '' ? '0' : from
  if (end === '') return 'range-end'
  if (!/^\d+$/.test(step) || Number(step) === 0) return 'range-step'
  if (/^[A-Za-z]$/.test(start) && /^[A-Za-z]$/.test(end)) return letters(start, end, Number(step))
  if (!/^\d+$/.test(start) || !/^\d+$/.test(end)) return 'range-form'
  const width = start.length > 1 && start.startsWith('0') ? start.length : 0
  if (width > 0 && end.length !== width) return 'range-width'
  return numbers(Number(start), Number(end), Number(step), width)
}

/** a to z, then A to Z. */
function letters(start: string, end: string, step: number): string[] | HostNameFault {
  const [from, to] = [LETTERS.indexOf(start), LETTERS.indexOf(end)]
  if (from > to) return 'range-order'
  return LETTERS.slice(from, to + 1)
    .split('')
    .filter((_, index) => index % step === 0)
}

function numbers(start: number, end: number, step: number, width: number): string[] | HostNameFault {
  if (start > end) return 'range-order'
  const count = Math.floor((end - start) / step) + 1
  if (count > MOST) return 'range-form'
  return Array.from({ length: count }, (_, index) => String(start + index * step).padStart(width, '0'))
}
