import type { Span } from './story.ts'

/** A stretch of time, and where it lies on the page in shares of its width. */
interface Stretch extends Span {
  readonly left: number
  readonly right: number
  /** It is drawn shorter than it was. */
  readonly isCut: boolean
}

export interface Axis {
  /** A share of the width, from 0 to 1. */
  at(moment: number): number
  readonly stretches: readonly Stretch[]
}

/** Milliseconds: nothing shorter is cut. */
const SHORTEST_CUT = 30_000
/** Of all the time in which things happened. */
const LONG = 0.25
const WIDTH_OF_CUT = 0.06

/**
 * Time from left to right. A night in which a run waited to be promoted or resumed is cut to a narrow strip, or nothing
 * could be seen of the minutes in which it worked. `moments` are sorted.
 */
export function makeAxis(moments: readonly number[]): Axis {
  const gaps = moments.slice(1).map((to, at) => ({ from: moments[at] ?? to, to }))
  const isLong = cutting(gaps)
  const busy = Math.max(1, sum(gaps.filter(gap => !isLong(gap))))
  const lengthOf = (gap: Span) => (isLong(gap) ? busy * WIDTH_OF_CUT : gap.to - gap.from)
  const all = Math.max(
    1,
    gaps.reduce((total, gap) => total + lengthOf(gap), 0),
  )
  const stretches: Stretch[] = []
  let left = 0
  for (const gap of gaps) {
    const right = left + lengthOf(gap) / all
    const last = stretches.at(-1)
    if (last && !last.isCut && !isLong(gap)) stretches[stretches.length - 1] = { ...last, to: gap.to, right }
    else stretches.push({ ...gap, left, right, isCut: isLong(gap) })
    left = right
  }
  return { stretches, at: moment => place(moment, stretches) }
}

/** Long is a gap that is so even beside all that isn't long. */
function cutting(gaps: readonly Span[]): (gap: Span) => boolean {
  const sorted = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))
  let rest = sum(gaps)
  let limit = Number.POSITIVE_INFINITY
  for (const gap of sorted) {
    const length = gap.to - gap.from
    if (length < SHORTEST_CUT || length < rest * LONG) break
    rest -= length
    limit = length
  }
  return gap => gap.to - gap.from >= limit
}

const sum = (gaps: readonly Span[]) => gaps.reduce((total, { from, to }) => total + to - from, 0)

function place(moment: number, stretches: readonly Stretch[]): number {
  const found = stretches.find(({ to }) => moment <= to) ?? stretches.at(-1)
  if (!found) return 0
  const length = Math.max(1, found.to - found.from)
  const share = Math.min(1, Math.max(0, (moment - found.from) / length))
  return found.left + share * (found.right - found.left)
}
