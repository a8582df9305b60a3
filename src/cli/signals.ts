import { setMaxListeners } from 'node:events'

/** Ctrl-C once, SIGTERM, or a terminal that is gone: no new host starts. Twice: hosts in flight are let go of, and their guards roll them back. */
export interface Signals {
  readonly stop: AbortSignal
  readonly cancel: AbortSignal
  forget(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const STOPPING =
  '\nStopping: hosts in flight are brought to their end. Again to let go of them; their guards roll back.\n'

export function listenToSignals(stopping = STOPPING): Signals {
  const stop = new AbortController()
  const cancel = new AbortController()
  // Every connection of every host listens.
  setMaxListeners(0, cancel.signal)
  const listen = () => {
    if (stop.signal.aborted) return cancel.abort()
    process.stderr.write(stopping)
    stop.abort()
  }
  for (const signal of SIGNALS) process.on(signal, listen)
  return {
    stop: stop.signal,
    cancel: cancel.signal,
    forget: () => {
      for (const signal of SIGNALS) process.off(signal, listen)
    },
  }
}

/** For commands that change nothing: whatever asks fleet to end cancels at once, and the terminal is given back. */
export function cancelOnSignal(): AbortSignal {
  const cancel = new AbortController()
  setMaxListeners(0, cancel.signal)
  for (const signal of SIGNALS) process.once(signal, () => cancel.abort())
  return cancel.signal
}
