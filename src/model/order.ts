/** So many can be told apart beside a number of 32 bits in what a double holds. */
const MOST = 2 ** 20

/**
 * Sorts by a whole number of up to 32 bits, 2 ** 32 included, and by `compare` where that is the same. The numbers carry
 * the places of what they stand for, so that a long list is sorted without a call for each comparison.
 */
export function sortByNumber<T>(
  all: readonly T[],
  numberOf: (one: T) => number,
  compare: (a: T, b: T) => number,
): readonly T[] {
  if (all.length > MOST) return all.toSorted((a, b) => numberOf(a) - numberOf(b) || compare(a, b))
  const keys = new Float64Array(all.length)
  let [isAscending, last, index] = [true, -1, 0]
  for (const one of all) {
    const number = numberOf(one)
    isAscending &&= number > last
    last = number
    keys[index] = number * MOST + index++
  }
  return isAscending ? all : inOrderOf(keys.sort(), all, compare)
}

function inOrderOf<T>(keys: Float64Array, all: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  const sorted: T[] = []
  for (let from = 0; from < keys.length; ) {
    const number = Math.floor((keys[from] ?? 0) / MOST)
    const begun = sorted.length
    for (; from < keys.length && Math.floor((keys[from] ?? 0) / MOST) === number; from++) {
      const one = all[(keys[from] ?? 0) % MOST]
      if (one !== undefined) sorted.push(one)
    }
    if (!isInOrder(sorted, begun, compare))
      for (const one of sorted.splice(begun).sort(compare)) sorted.push(one)
  }
  return sorted
}

/** From there on. */
function isInOrder<T>(all: readonly T[], from: number, compare: (a: T, b: T) => number): boolean {
  for (let at = from + 1; at < all.length; at++) {
    const [a, b] = [all[at - 1], all[at]]
    if (a !== undefined && b !== undefined && compare(a, b) > 0) return false
  }
  return true
}
