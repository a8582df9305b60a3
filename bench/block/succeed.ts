import type { Contestant } from '../contestants.ts'
import type { Ground } from '../ground.ts'
import { type Measured, measure } from '../measure.ts'

/** Measures a command that has to end well. */
export async function succeed(
  ground: Ground,
  argv: readonly string[],
  one?: Pick<Contestant, 'clean'>,
): Promise<Measured> {
  const measured = await measure(ground, argv, () => one?.clean?.(ground) ?? Promise.resolve())
  if (measured.code !== 0)
    throw new Error(`${argv.join(' ')} ended with ${measured.code}:\n${measured.said.slice(-4000)}`)
  return measured
}
