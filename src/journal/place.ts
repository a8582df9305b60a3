import { isAbsolute, join } from 'node:path'

/**
 * Where the journals of runs lie unless something else is said: `$XDG_STATE_HOME/fleet/runs`, or
 * `~/.local/state/fleet/runs`; a relative XDG_STATE_HOME is to be ignored (XDG Base Directory Specification).
 */
export function journalDirectory(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const state = env.XDG_STATE_HOME
  const base = state !== undefined && isAbsolute(state) ? state : join(home, '.local', 'state')
  return join(base, 'fleet', 'runs')
}
