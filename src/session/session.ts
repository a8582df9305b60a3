/** What a script on a host answered. `code` is null when the channel closed without one, or by a signal: nothing is known then. */
export interface Answer {
  readonly code: number | null
  /** Exactly what the script wrote, as UTF-8: what a login shell printed before it is gone. */
  readonly stdout: string
  /** The first 64 KiB. */
  readonly stderr: string
}

/** Bytes a millisecond that a line carries at least. */
const SLOWEST_LINE = 2

/** Milliseconds that an answer is waited for: the time that `bytes` of input take on their way is not the command's. */
export const patience = (timeout: number, bytes: number) => timeout + Math.ceil(bytes / SLOWEST_LINE)

/** Seconds that a host waits for `bytes` of input: no longer than the session would wait for the whole answer. */
export const secondsToSend = (timeout: number, bytes: number) => Math.ceil(patience(timeout, bytes) / 1000)

export interface LateAnswer {
  /** A whole line of stdout, and what is written when it comes. */
  readonly to: string
  readonly with: string
  /** Hears each line as it comes, that one too. */
  readonly heard?: (line: string) => void
}

export interface Run {
  /**
   * POSIX shell text without control characters, a line at most: it passes through the user's login shell, csh
   * and fish included. Runs in a `/bin/sh` as root (as the user where `become` is off), LC_ALL=C; `$1` is SSH_CONNECTION as sshd set it, before
   * sudo (empty where it is missing), `$2` and on are `args`. What is longer goes over `stdin`.
   */
  readonly script: string
  readonly args?: readonly string[]
  readonly stdin?: string | Uint8Array
  /** What to say once the script has said something: `stdin` stays open until then. */
  readonly answer?: LateAnswer
  /**
   * Milliseconds, and what `stdin` takes on a slow line (16 kbit/s); when they run out the channel is closed and the
   * answer is an error `exec-timeout`.
   */
  readonly timeout: number
  /** Bytes of stdout and stderr before the exec is ended with the error `output-too-large`; 16 MiB unless said. */
  readonly maxOutput?: number
}

/**
 * One connection to one host: the only way anything reaches it.
 * One exec at a time (sshd's MaxSessions); errors are FleetErrors whose `hostState` is what is known.
 */
export interface Session {
  /** `performance.now()` just before the call that opened the last hop: what the freshness proof counts from. */
  readonly connectStart: number
  /**
   * Only an exit code that the script itself gave is an answer.
   * Errors: `sudo-refused`, `sudo-password-wrong`, `sudo-missing`, `shell-refused` (the script never started: `failed`); `exec-timeout`,
   * `output-too-large`, `connection-lost`, `channel-refused` (`unknown`; `unreachable` if the connection was gone
   * before this script, `failed` if sshd itself refused the command); `aborted`; `quote-unsupported`.
   */
  run(run: Run): Promise<Answer>
  /** Resolves when the connection is closed; never rejects. */
  close(): Promise<void>
}

/** Opens a fresh connection: never multiplexed, never reused. */
export type Connect = (signal?: AbortSignal) => Promise<Session>
