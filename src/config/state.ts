import { isAbsolute, join } from 'node:path'

/**
 * Where fleet keeps what it must remember unless something else is said: `$XDG_STATE_HOME/fleet`, or
 * `~/.local/state/fleet`; a relative XDG_STATE_HOME is to be ignored (XDG Base Directory Specification).
 */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const state = env.XDG_STATE_HOME
  const base = state !== undefined && isAbsolute(state) ? state : join(home, '.local', 'state')
  return join(base, 'fleet')
}
