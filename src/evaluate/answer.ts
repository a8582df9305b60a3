/**
 * Whether something holds for a packet. `maybe`: it depends on what came before or on time (a rate limit), so
 * both happen. `unknown`: one of both happens, and fleet can't say which.
 */
export type Answer = 'yes' | 'no' | 'maybe' | 'unknown'

/** From what is known; undefined where the packet doesn't say. */
export function answer(known: boolean | undefined): Answer {
  if (known === undefined) return 'unknown'
  return known ? 'yes' : 'no'
}

export function not(one: Answer): Answer {
  if (one === 'yes') return 'no'
  return one === 'no' ? 'yes' : one
}

/** All of them: one `no` settles it, whatever the others are. */
export function all(answers: readonly Answer[]): Answer {
  return (['no', 'unknown', 'maybe'] as const).find(one => answers.includes(one)) ?? 'yes'
}

/** One of them at least. */
export function any(answers: readonly Answer[]): Answer {
  return (['yes', 'unknown', 'maybe'] as const).find(one => answers.includes(one)) ?? 'no'
}
