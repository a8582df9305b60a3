import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Entries from which on what a step leaves behind is worth the tenth of a second that it takes to sweep it up. */
const MANY = 20_000

/**
 * A long list passes through several forms, each of which is garbage once the next is there, and V8 would rather ask the
 * system for more memory than look for it: a hundred thousand entries, of which 60 MB are alive, took 300.
 */
export function sweepUp(entries: number): void {
  if (entries < MANY) return
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
