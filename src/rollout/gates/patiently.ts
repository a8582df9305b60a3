import type { Clock } from '../../model/clock.ts'
import type { Finding } from '../../model/finding.ts'
import { type HostLimit, isUp } from '../host-limit.ts'
import type { HostGates } from './host-gates.ts'

const TRIES = 3
/** Milliseconds. */
const BETWEEN_TRIES = 1000

interface Waiting {
  readonly clock: Pick<Clock, 'sleep'>
  readonly limit?: HostLimit
}

/** A service may need a moment after the rules under it were loaded. */
export async function patiently(gates: HostGates, { clock, limit }: Waiting): Promise<Finding | undefined> {
  for (let left = TRIES; ; left -= 1) {
    const { failed } = await gates.after('applied', limit?.signal)
    if (!failed || left === 1 || isUp(limit)) return failed
    await clock.sleep(BETWEEN_TRIES)
  }
}
