import { nearest } from '../model/nearest.ts'
import type { Command } from './command.ts'
import { UsageError } from './flags.ts'

const UNKNOWN = /^Unknown arguments?: (.*)$/

/** An error about flags that there aren't, with the nearest that there are; any other as it is. */
export function nameNearest(error: unknown, command: Command, words: readonly string[]): unknown {
  const [, unknown] = (error instanceof UsageError && UNKNOWN.exec(error.message)) || []
  if (unknown === undefined) return error
  const known = Object.entries(command.flags).flatMap(([name, { alias = [] }]) => [name, ...[alias].flat()])
  const flags = known.filter(({ length }) => length > 1)
  const said = unknown.split(', ').map(name => (isFlag(name, words) ? askAbout(name, flags) : name))
  return new UsageError(`unknown: ${said.join(', ')}. See fleet ${command.name} --help`)
}

/** A word too many is none. */
const isFlag = (name: string, words: readonly string[]) =>
  words.some(word => word === `--${name}` || word.startsWith(`--${name}=`))

function askAbout(name: string, flags: readonly string[]): string {
  const close = nearest(name, flags)
  return close === undefined ? `--${name}` : `--${name} (did you mean --${close}?)`
}
