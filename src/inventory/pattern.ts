import type { Inventory } from './inventory.ts'

/** A term of a pattern that can't be followed, and why. */
export interface PatternFault {
  readonly term: string
  readonly why: 'brackets' | 'dash' | 'regex' | 'nothing' | 'index'
}

const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+)([:-])(\d*))\]$/s

/** Splits `web:&db,!old` into its terms. With a comma in it only commas separate, so that IPv6 addresses can stand there. */
export function splitPattern(pattern: string, isHost: (name: string) => boolean): readonly string[] {
  if (pattern.includes(',')) return trimmed(pattern.split(','))
  if (isHost(pattern) || /^[!&]?[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(pattern)) return [pattern]
  return trimmed(pattern.match(/(?:[^\s:[\]]|\[[^\]]*\]|[[\]])+/g) ?? [])
}

const trimmed = (terms: readonly string[]) => terms.map(term => term.trim()).filter(term => term !== '')

/**
 * The hosts that terms select, in the order in which they were found: first the plain terms together, then only what
 * `&` terms share, then without the `!` terms. Without a plain term it starts from all.
 */
export function selectNames(
  inventory: Inventory,
  terms: readonly string[],
): readonly string[] | PatternFault {
  let plain: readonly string[] = []
  const both: Set<string>[] = []
  const without: Set<string>[] = []
  for (const term of terms) {
    const sign = term.startsWith('&') ? '&' : term.startsWith('!') ? '!' : 'plain'
    const found = matchTerm(inventory, sign === 'plain' ? term : term.slice(1))
    if ('why' in found) return { ...found, term }
    if (sign === 'plain') plain = plain.concat(found.names)
    else (sign === '&' ? both : without).push(new Set(found.names))
  }
  const start = terms.every(term => /^[&!]/.test(term)) ? inventory.hosts.keys() : plain
  const names = [...start].filter(
    name => both.every(set => set.has(name)) && !without.some(set => set.has(name)),
  )
  return [...new Set(names)]
}

type Match = { readonly names: readonly string[] } | Omit<PatternFault, 'term'>

function matchTerm(inventory: Inventory, term: string): Match {
  if (inventory.hosts.has(term)) return { names: [term] }
  if (!term.startsWith('~') && !isBalanced(term)) return { why: 'brackets' }
  const [, base, index, start, dash, end] = term.startsWith('~') ? [] : (SUBSCRIPT.exec(term) ?? [])
  if (dash === '-') return { why: 'dash' }
  const expression = matcherOf(base ?? term)
  if (expression === undefined) return { why: 'regex' }
  const found = enumerate(inventory, base ?? term, expression)
  if (found === undefined) return { why: 'nothing' }
  if (base === undefined) return { names: found }
  const names = index === undefined ? slice(found, start, end) : found.slice(Number(index)).slice(0, 1)
  const reached = index === undefined || (Number(index) < found.length && -Number(index) <= found.length)
  return reached && names.length > 0 ? { names } : { why: 'index' }
}

/** Both ends are in it; without an end, to the last. */
const slice = (names: readonly string[], start = '0', end = '') =>
  names.slice(Number(start), end === '' ? undefined : Number(end) + 1)

/** The hosts of the groups that match; and hosts that match, where no group did or the term isn't a bare word. */
function enumerate(inventory: Inventory, term: string, expression: RegExp): readonly string[] | undefined {
  const groups = [...inventory.groups.values()].filter(({ name }) => expression.test(name))
  const hosts = [...inventory.hosts.keys()]
  const direct = groups.length === 0 || /^~|[.?*[]/.test(term)
  const names = groups
    .flatMap(group => group.hosts)
    .concat(direct ? hosts.filter(name => expression.test(name)) : [])
  return names.length === 0 && groups.length === 0 ? undefined : names
}

function matcherOf(term: string): RegExp | undefined {
  try {
    return term.startsWith('~') ? readRegex(term.slice(1)) : new RegExp(`^${translateGlob(term)}$`, 's')
  } catch {
    return undefined
  }
}

/** Python's regular expressions where they differ from ours, matched from the start of a name. */
function readRegex(text: string): RegExp {
  const [, flags = '', rest = text] = /^\(\?([is]+)\)(.*)$/s.exec(text) ?? []
  const source = rest
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$')
  return new RegExp(`^(?:${source})`, flags)
}

/** `*`, `?`, `[a-c]` and `[!a-c]` as Python's fnmatch has them. */
function translateGlob(glob: string): string {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] ?? ''
    const set = character === '[' ? /^\[(!?)(\]?[^\]]*)\]/s.exec(glob.slice(at)) : null
    if (set) {
      const members = (set[2] ?? '').replaceAll(/[\\[\]^]/g, '\\$&')
      source += `[${set[1] ? '^' : ''}${members}]`
      at += set[0].length - 1
    } else if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else source += character.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  }
  return source
}

function isBalanced(term: string): boolean {
  return /^(?:[^[\]]|\[\]?[^\]]*\])*$/.test(term)
}
