import { strict as assert } from 'node:assert'
import type { Course } from '../../../src/rollout/course.ts'

/* Whether there is time and room for one more to start. */

interface Standing {
  readonly time: number
  readonly flying: readonly string[]
  readonly settled: ReadonlyMap<string, unknown>
}

/** In the window. */
export function assertOpen(
  { time }: Standing,
  { notBefore = 0, notAfter = Number.POSITIVE_INFINITY }: Course,
): void {
  assert(time >= notBefore, 'nothing starts before the window')
  assert(time < notAfter, 'nothing starts after it')
}

/** Beside those who fly. */
export function assertRoom({ flying }: Standing, host: string, { parallel }: Course): void {
  const { hosts, groups, groupsOf } = parallel
  assert(flying.length < hosts, 'so many at once')
  for (const group of groupsOf(host)) {
    const others = flying.filter(one => groupsOf(one).includes(group)).length
    assert(others < (groups.get(group) ?? Number.POSITIVE_INFINITY), 'so many of a group at once')
  }
}

/** Somebody's turn never came, and the window is over. */
export const isLate = ({ time, settled }: Standing, { stages, notAfter }: Course) =>
  notAfter !== undefined && time >= notAfter && settled.size < stages.flat().length
