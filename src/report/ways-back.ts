import type { WayBack } from '../model/event.ts'
import { groupBy, named } from './words.ts'

export type WaysBack = ReadonlyMap<string, WayBack>

/** `from generation 7 back to what generation 5 said`. */
export function sayWay({ from, to }: WayBack): string {
  const begin = from === 0 ? 'from no generation' : `from generation ${from}`
  return `${begin} back to ${to === 0 ? 'what stood before fleet' : `what generation ${to} said`}`
}

/** Before anything is changed: each host, those of one way together. */
export function printWays(ways: WaysBack): string {
  const kinds = groupBy([...ways], ([, way]) => sayWay(way))
  return [...kinds].map(([way, all]) => `${named(all.map(([host]) => host))}: ${way}\n`).join('')
}
