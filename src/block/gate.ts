import type { Clock } from '../model/clock.ts'

/** What a host may do whose turn it is: prove the block for the others, follow, or leave things as they are. */
export type Turn = Canary | 'go' | 'stop'

/** Lets one host through first, and all others once it has proven that it can still be reached. */
export interface Gate {
  enter(): Promise<Turn>
  /** Nothing is to begin any more. */
  close(): void
}

/** A host that goes ahead. */
export interface Canary {
  /** It blocks there: no other begins before it is known whether it can still be reached, for a while. */
  hold(): void
  /** It can be logged in to afresh. */
  open(): void
  /** It locked somebody out: another one has its turn, and after that nobody. Once more says nothing new. */
  fail(): void
  /** It locked somebody out, and nothing can be done about it: nobody else is risked. */
  close(): void
  /** It has nothing to say about the others: the next one has its turn. */
  pass(): void
}

/** One host that can't be logged in to may be broken, or somebody else's by now; two show what the block does. */
const FAILURES = 2
/** Milliseconds that one canary holds up the next, and once it blocks: whoever sits on it may answer as slowly as he likes. */
const PATIENCE = 3000
const DOUBT = 20_000

export function createGate(clock: Clock): Gate {
  let is: 'shut' | 'open' | 'closed' = 'shut'
  const failed = new Set<Canary>()
  /** Canaries that hold up the next: those that block already, and those that aren't taking too long. */
  const ahead = new Set<Canary>()
  const waiting: ((turn: Turn) => void)[] = []
  const settle = (to: 'open' | 'closed') => {
    if (is !== 'shut') return
    is = to
    for (const wake of waiting.splice(0)) wake(to === 'open' ? 'go' : 'stop')
  }
  const leave = (canary: Canary) => {
    ahead.delete(canary)
    if (is === 'shut' && ahead.size === 0) waiting.shift()?.(sendOut())
  }
  const sendOut = (): Canary => {
    let isHeld = false
    const canary: Canary = {
      hold: () => {
        isHeld = true
        ahead.add(canary)
        void clock.sleep(DOUBT).then(() => leave(canary))
      },
      open: () => settle('open'),
      fail: () => {
        failed.add(canary)
        if (failed.size >= FAILURES) settle('closed')
        else leave(canary)
      },
      close: () => settle('closed'),
      pass: () => leave(canary),
    }
    ahead.add(canary)
    void clock.sleep(PATIENCE).then(() => isHeld || leave(canary))
    return canary
  }
  return {
    async enter() {
      if (is !== 'shut') return is === 'open' ? 'go' : 'stop'
      if (ahead.size === 0) return sendOut()
      return new Promise<Turn>(resolve => waiting.push(resolve))
    },
    close: () => settle('closed'),
  }
}
