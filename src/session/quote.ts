import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'

/**
 * A word that sh, bash, dash, fish, csh and tcsh all read as the same text.
 * Errors: `quote-unsupported` for control characters (no quoting of a newline means the same to sh and csh).
 */
export function quote(word: string): string {
  if (/\p{Cc}/u.test(word)) throw new FleetError('quote-unsupported', { word })
  // Inside single quotes csh still expands `!` and fish still reads `\`: these stand outside, each behind a backslash.
  return `'${word.replaceAll(/['!\\]/g, special => `'\\${special}'`)}'`
}

/**
 * What the script is started by. The marker, on both streams, proves that it did start, and where its own output
 * begins: sudo and a forced command exit with the codes that a script may use, and login shells print.
 * `eval`, so that a syntax error in the script comes after the marker.
 */
const START =
  'LC_ALL=C; export LC_ALL; fleet_script=$2; echo "$1"; echo "$1" >&2; shift 2; eval "$fleet_script"'

/** sshd tells only the login shell's children who connected, and sudo strips it: read here, passed on as data. */
const READ = 'm=$1 s=$2; shift 2; set -- "$m" "$s" "$SSH_CONNECTION" "$@"; '
const DIRECT = READ + START

export interface RootCommand {
  readonly command: string
  /** The line that stands before everything that the script writes, on stdout and on stderr. */
  readonly marker: string
  /** What sudo asks with on stderr, where a password is to be given. */
  readonly prompt?: string
}

/** A command line that runs `script` with `args` as root under any login shell. `nonce`: letters and digits. */
export function rootCommand(
  connection: Pick<Connection, 'user' | 'become' | 'becomePassword'>,
  script: string,
  args: readonly string[],
  nonce: string,
): RootCommand {
  const marker = `fleet-started-${nonce}`
  const words = [marker, script, ...args].map(quote).join(' ')
  if (!connection.become || connection.user === 'root')
    return { command: `exec /bin/sh -c ${quote(DIRECT)} fleet ${words}`, marker }
  const prompt = connection.becomePassword === undefined ? undefined : `fleet-password-${nonce}:`
  const flags = prompt === undefined ? '-n' : `-S -p ${prompt}`
  const start = `${READ}exec sudo ${flags} -- /bin/sh -c "$0" fleet "$@"`
  const command = `exec /bin/sh -c ${quote(start)} ${quote(START)} ${words}`
  return { command, marker, ...(prompt === undefined ? {} : { prompt }) }
}
