import type { Clock } from '../model/clock.ts'

/** What a host may do whose turn it is: prove the block for the others, follow, or leave things as they are. */
export type Turn = 'canary' | 'go' | 'stop'

/** Lets one host through first, and all others once it has proven that it can still be reached. */
export interface Gate {
  enter(): Promise<Turn>
  /** It blocks there: no other begins before it is known whether it can still be reached. */
  hold(): void
  /** The canary can be logged in to afresh. */
  open(): void
  /** The canary locked somebody out, and is as it was: another one has its turn, and after that nobody. */
  fail(): void
  /** The canary locked somebody out, and may still do so; or nothing is to begin any more. */
  close(): void
  /** This canary has nothing to say about the others: the next one has its turn. */
  pass(): void
}

/** One host that can't be logged in to may be broken, or somebody else's by now; two show what the block does. */
const FAILURES = 2
/** Milliseconds that one canary holds up the next. */
const PATIENCE = 3000

export function createGate(clock: Clock): Gate {
  let is: 'shut' | 'open' | 'closed' = 'shut'
  /** How many canaries are out, those that are taking too long left out. */
  let out = 0
  let isHeld = false
  let failures = 0
  const waiting: ((turn: Turn) => void)[] = []
  const settle = (to: 'open' | 'closed') => {
    if (is !== 'shut') return
    is = to
    for (const wake of waiting.splice(0)) wake(to === 'open' ? 'go' : 'stop')
  }
  const next = () => {
    out = Math.max(0, out - 1)
    if (is !== 'shut' || out > 0 || isHeld) return
    const wake = waiting.shift()
    if (wake) wake(sendOut())
  }
  const passLater = async () => {
    await clock.sleep(PATIENCE)
    next()
  }
  const sendOut = (): Turn => {
    out += 1
    void passLater()
    return 'canary'
  }
  const pass = () => {
    isHeld = false
    next()
  }
  return {
    async enter() {
      if (is !== 'shut') return is === 'open' ? 'go' : 'stop'
      if (out === 0) return sendOut()
      return new Promise<Turn>(resolve => waiting.push(resolve))
    },
    open: () => settle('open'),
    close: () => settle('closed'),
    hold: () => {
      isHeld = true
    },
    fail: () => {
      failures += 1
      if (failures >= FAILURES) settle('closed')
      else pass()
    },
    pass,
  }
}
