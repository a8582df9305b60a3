import { isIPv4 } from 'node:net'
import { parseCidr } from 'cidr-tools'
import { isPlainIPv6, parseNetworks } from '../address/network.ts'
import { numberOf, plainNumberOf } from '../address/spans.ts'
import type { Family } from '../model/family.ts'

/** The addresses from `start` to `end`, both included, as numbers. */
export interface Span {
  readonly family: Family
  readonly start: bigint
  readonly end: bigint
}

export function spanOf(cidr: string): Span {
  if (isIPv4(cidr)) {
    const at = BigInt(numberOf(cidr))
    return { family: 4, start: at, end: at }
  }
  if (isPlainIPv6(cidr)) {
    const at = plainNumberOf(cidr)
    return { family: 6, start: at, end: at }
  }
  const { version, start, end } = parseCidr(cidr)
  return { family: version, start, end }
}

/** From the first to the last address of what an entry says. */
export function wholeSpan(address: string): Span {
  const [from = '', to = from] = address.split('-')
  const { family, start, end } = spanOf(from)
  return { family, start, end: to === from ? end : spanOf(to).end }
}

/** As ipset prints it: without the prefix of a single address. */
export const canonical = (cidr: string): string => cidr.replace(cidr.includes(':') ? /\/128$/ : /\/32$/, '')

/**
 * What an entry stands for, as a host's sets hold it. No set of type hash:net holds a whole family: that is its two
 * halves. Throws `address-invalid`.
 */
export const cidrsOf = (address: string): readonly string[] =>
  isIPv4(address)
    ? [address]
    : parseNetworks(address).cidrs.flatMap(cidr => HALVES[cidr] ?? [canonical(cidr)])

const HALVES: Readonly<Record<string, readonly string[]>> = {
  '0.0.0.0/0': ['0.0.0.0/1', '128.0.0.0/1'],
  '::/0': ['::/1', '8000::/1'],
}

export const covers = (outer: Span, inner: Span): boolean =>
  outer.family === inner.family && outer.start <= inner.start && inner.end <= outer.end

export const compareSpans = (a: Span, b: Span): number =>
  a.family - b.family || order(a.start, b.start) || order(a.end, b.end)

const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

/** Spans that may lie in each other, in a form that answers quickly which of them touch another one. */
export function indexSpans<T extends Span>(spans: readonly T[]): (other: Span) => readonly T[] {
  const sorted = spans.toSorted(compareSpans)
  // The furthest end of all up to here: where that is before the other's start, none further down touches it.
  const furthest: bigint[] = []
  let family: Family | undefined
  for (const span of sorted) {
    const last = span.family === family ? (furthest.at(-1) ?? 0n) : 0n
    family = span.family
    furthest.push(span.end > last ? span.end : last)
  }
  return other => {
    const found: T[] = []
    for (let at = firstAfter(sorted, other) - 1; at >= 0; at--) {
      const span = sorted[at]
      if (!span || span.family !== other.family || (furthest[at] ?? 0n) < other.start) break
      if (span.end >= other.start) found.push(span)
    }
    return found.reverse()
  }
}

/**
 * The same for addresses, networks and ranges as they are written. Nearly all of a long list is single IPv4 addresses
 * that touch nothing: those cost no number of any length.
 */
export function indexWritten<T extends Span>(spans: readonly T[]): (address: string) => readonly T[] {
  const touching = indexSpans(spans)
  const isNear = nearNumbers(spans.filter(({ family }) => family === 4))
  return address => (isIPv4(address) && !isNear(numberOf(address)) ? NOTHING : touching(wholeSpan(address)))
}

const NOTHING: readonly never[] = []

/** Whether a number lies in one of these. */
function nearNumbers(spans: readonly Span[]): (number: number) => boolean {
  const starts: number[] = []
  const ends: number[] = []
  for (const { start, end } of spans.toSorted(compareSpans)) {
    const last = ends.length - 1
    if (last >= 0 && Number(start) <= (ends[last] ?? 0)) ends[last] = Math.max(ends[last] ?? 0, Number(end))
    else {
      starts.push(Number(start))
      ends.push(Number(end))
    }
  }
  return number => {
    let [low, high] = [0, starts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) > number) high = middle
      else low = middle + 1
    }
    return low > 0 && number <= (ends[low - 1] ?? 0)
  }
}

/** The first of the sorted that begins behind the other's end. */
function firstAfter(sorted: readonly Span[], { family, end }: Span): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const span = sorted[middle]
    const isAfter = span && (span.family > family || (span.family === family && span.start > end))
    if (isAfter) high = middle
    else low = middle + 1
  }
  return low
}
