/**
 * The candidate that was probably meant: one or two edits away (insert, delete, replace, swap of neighbours),
 * one for names of up to three letters. Case is no edit. Of equals one that begins alike, and the first; never `name` itself.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (candidate === name) continue
    const longest = Math.max(name.length, candidate.length)
    const allowed = longest <= 3 ? 1 : 2
    if (Math.abs(name.length - candidate.length) > allowed) continue
    const [said, other] = [name.toLowerCase(), candidate.toLowerCase()]
    const edits = distance(said, other)
    const cost = edits + (said[0] === other[0] ? 0 : 0.5)
    if (edits <= allowed && edits < longest && cost < least) {
      best = candidate
      least = cost
    }
  }
  return best
}

/** Damerau-Levenshtein in its restricted form: no substring is edited twice. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? at(beforeLast, j - 2) + 1
          : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

const at = (row: number[], index: number) => row[index] ?? Number.POSITIVE_INFINITY
