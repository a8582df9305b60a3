import { setMaxListeners } from 'node:events'

/** Ctrl-C once, or SIGTERM: no new host starts. Twice: hosts in flight are let go of, and their guards roll them back. */
export interface Signals {
  readonly stop: AbortSignal
  readonly cancel: AbortSignal
  forget(): void
}

export function listenToSignals(): Signals {
  const stop = new AbortController()
  const cancel = new AbortController()
  // Every connection of every host listens.
  setMaxListeners(0, cancel.signal)
  const listen = () => {
    if (stop.signal.aborted) return cancel.abort()
    process.stderr.write(
      '\nStopping: hosts in flight are brought to their end. Again to let go of them; their guards roll back.\n',
    )
    stop.abort()
  }
  process.on('SIGINT', listen)
  process.on('SIGTERM', listen)
  return {
    stop: stop.signal,
    cancel: cancel.signal,
    forget: () => {
      process.off('SIGINT', listen)
      process.off('SIGTERM', listen)
    },
  }
}
