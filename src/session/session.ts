/** What a command on a host answered. `code` is null when the channel closed without one: nothing is known then. */
export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Exec {
  /** A POSIX shell command line, run as root. It must survive csh and fish as login shells. */
  readonly command: string
  readonly stdin?: string | Uint8Array
  /** Milliseconds; when they run out the channel is closed and the answer is an error `exec-timeout`. */
  readonly timeout: number
  /** Bytes of stdout kept before the exec is ended with the error `output-too-large`. */
  readonly maxOutput?: number
}

/**
 * One connection to one host: the only way anything reaches it.
 * One exec at a time (sshd's MaxSessions); errors are FleetErrors whose `hostState` is what is known.
 */
export interface Session {
  /** `performance.now()` just before the call that opened the last hop: what the freshness proof counts from. */
  readonly connectStart: number
  exec(exec: Exec): Promise<Answer>
  /** Resolves when the connection is closed; never rejects. */
  close(): Promise<void>
}

/** Opens a fresh connection: never multiplexed, never reused. */
export type Connect = (signal?: AbortSignal) => Promise<Session>
