import { join } from 'node:path'
import { stateDirectory } from '../config/state.ts'

/** Where the journals of runs lie unless something else is said. */
export const journalDirectory = (env: Readonly<Record<string, string | undefined>>, home: string): string =>
  join(stateDirectory(env, home), 'runs')
