import { homedir } from 'node:os'
import { journalDirectory } from '../journal/place.ts'
import { FleetError } from '../model/error.ts'
import type { Flags } from './command.ts'
import { flag } from './flag.ts'
import { readSources, type Sources } from './inputs.ts'

/** Where the journals of an inventory lie. */
export const journalsOf = ({ config }: Pick<Sources, 'config'>, flags: Flags): string =>
  flag(flags, 'journal', 'string') ?? config.journal ?? journalDirectory(process.env, homedir())

/** The same where a run is all that is named: no inventory needs to be here. */
export async function findJournals(flags: Flags): Promise<string> {
  const said = flag(flags, 'journal', 'string')
  if (said !== undefined) return said
  try {
    return journalsOf(await readSources(flags), flags)
  } catch (error) {
    if (error instanceof FleetError && error.code === 'no-inventory')
      return journalDirectory(process.env, homedir())
    throw error
  }
}
