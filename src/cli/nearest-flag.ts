import { nearest } from '../model/nearest.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { UsageError } from './flags.ts'
import { inOwnWords } from './plain-usage.ts'

const UNKNOWN = /^Unknown arguments?: (.*)$/

/** An error about flags that there aren't, with the nearest that there are; any other in words of fleet's own. */
export function nameNearest(error: unknown, command: Command, words: readonly string[]): unknown {
  const [, unknown] = (error instanceof UsageError && UNKNOWN.exec(error.message)) || []
  if (unknown === undefined) return inOwnWords(error, command, words)
  const said = unknown.split(', ').map(name => sayFlag(name, command, words))
  return new UsageError(`unknown: ${[...new Set(said)].join(', ')}. See fleet ${command.name} --help`)
}

/** A word too many is none. */
function sayFlag(name: string, command: Command, words: readonly string[]): string {
  const long = words.map(word => word.split('=')[0] ?? '').find(word => isNamed(word, name))
  if (long !== undefined) return askAbout(long, name, command)
  const short = name.length === 1 && words.find(word => /^-[^-]/.test(word) && word.includes(name))
  return short ? askAboutShort(short, name, command) : name
}

/** `--no-x` is how yargs is told that x isn't. */
const isNamed = (word: string, name: string) => word === `--${name}` || word === `--no-${name}`

function askAbout(said: string, name: string, command: Command): string {
  const others = COMMANDS.filter(({ flags }) => Object.hasOwn(flags, name)).map(one => `fleet ${one.name}`)
  if (others.length > 0) return `${said} (a flag of ${others.join(', ')})`
  const close = nearest(
    name,
    namesOf(command).filter(({ length }) => length > 1),
  )
  return close === undefined ? said : `${said} (did you mean --${close}?)`
}

/** A letter, or one of several in a word: `-lweb` has its value where yargs looks for more letters. */
function askAboutShort(word: string, name: string, command: Command): string {
  const letters = namesOf(command).filter(({ length }) => length === 1)
  const [, first = '', ...rest] = word
  if (first !== name && takesValue(first, command))
    return `${word} (did you mean -${first} ${rest.join('')}?)`
  const close = nearest(name, letters)
  return close === undefined ? `-${name}` : `-${name} (did you mean -${close}?)`
}

const namesOf = ({ flags }: Command): readonly string[] =>
  Object.entries(flags).flatMap(([name, { alias = [] }]) => [name, ...[alias].flat()])

const takesValue = (letter: string, { flags }: Command): boolean =>
  Object.values(flags).some(({ alias = [], type }) => [alias].flat().includes(letter) && type !== 'boolean')
