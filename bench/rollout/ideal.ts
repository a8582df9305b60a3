import { waitFor } from '../../src/rollout/arm-host.ts'
import { ANSWER, type Figures, LOAD } from './figures.ts'

/** Seconds that a rollout takes at least. */
export interface Ideal {
  /** What hosts take for their answers. */
  readonly answers: number
  /** What fleet waits after each arming, before it connects again: waitFor of src/rollout/arm-host.ts. */
  readonly waits: number
  /** What is lost at the ends: the last hosts of a stage leave places empty. */
  readonly ends: number
}

/** Milliseconds from apply to rollback, as it is without a flag. */
const CONFIRM_TIMEOUT = 60_000

export const WAIT = waitFor({ loadTime: LOAD, armTime: ANSWER }, CONFIRM_TIMEOUT)

/** How often a host is asked something for its change: armed, awaited, confirmed. */
const FOR_CHANGE = 3

export function idealOf({ hosts, stages, exchanges, inFlight }: Figures): Ideal {
  const asked = Object.values(exchanges).reduce((sum, times) => sum + times, 0)
  const changed = stages.reduce((sum, of) => sum + of, 0)
  const [first = 0, ...later] = stages
  // All are looked at once, the hosts of later stages again, those of the first where it lasts longer than a minute.
  const again = asked - hosts - changed * FOR_CHANGE
  const looks = later.length > 0 ? 1 : again / first
  const turn = (of: number, exchangesOfOne: number, wait: number) =>
    (Math.ceil(of / inFlight) - of / inFlight) * (exchangesOfOne * ANSWER + wait)
  const ends = [
    turn(hosts, 1, 0),
    turn(first, FOR_CHANGE + (later.length > 0 ? 0 : looks), WAIT),
    ...later.map(of => turn(of, FOR_CHANGE + looks, WAIT)),
  ]
  return {
    answers: (asked * ANSWER) / inFlight / 1000,
    waits: (changed * WAIT) / inFlight / 1000,
    ends: ends.reduce((sum, lost) => sum + lost, 0) / 1000,
  }
}

export const sumOf = ({ answers, waits, ends }: Ideal): number => answers + waits + ends
