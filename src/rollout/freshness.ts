import type { Clock } from '../model/clock.ts'

/** Milliseconds that a connection must have begun after the rules were in force. */
const MARGIN = 100
/** Milliseconds by which the two clocks may disagree before the controller counts as suspended meanwhile. */
const SUSPENDED = 1000

export interface Stopwatch {
  readonly now: number
  readonly wall: number
}

export const readClocks = (clock: Clock): Stopwatch => ({ now: clock.now(), wall: clock.wall() })

/**
 * Whether a connection proves that the host can be reached under its new rules: it began after they were in force.
 * An old one passes through ESTABLISHED and proves nothing. Only durations are compared, never two machines' clocks.
 *
 * @param connectStart the controller's monotonic clock just before the last hop was opened
 * @param received both clocks when the age came in
 * @param ages milliseconds on the host's own clock since the rules came into force, and since it let the session begin:
 * a machine that was stopped with all its clocks meanwhile (the controller's) doesn't know that it was
 */
export function isFresh(
  connectStart: Stopwatch,
  received: Stopwatch,
  { age = 0, sessionAge = 0 }: { readonly age?: number; readonly sessionAge?: number },
): boolean {
  if (sessionAge > age) return false
  const elapsed = received.now - connectStart.now
  const slept = Math.abs(received.wall - connectStart.wall - elapsed)
  return slept <= SUSPENDED && connectStart.now >= received.now - age + MARGIN
}
