import type { Command } from './command.ts'
import { UsageError } from './flags.ts'

/** What yargs says of a command line, in words that name what was typed. */
const SAYINGS: readonly [
  RegExp,
  (found: RegExpExecArray, command: Command, words: readonly string[]) => string,
][] = [
  [
    /^Not enough non-option arguments/,
    (_, { name, positional }) => `expected fleet ${name} ${positional}. See fleet ${name} --help`,
  ],
  [
    /^Not enough arguments following: (\S+)$/,
    ([, flag = ''], _, words) => `${words.includes(`--${flag}`) ? '--' : '-'}${flag} wants a value`,
  ],
  [
    /^Invalid values:\n {2}Argument: (\S+), Given: "(.*)", Choices: (.+)$/,
    ([, flag, given, choices = '']) => `--${flag} ${given}: expected one of ${choices.replaceAll('"', '')}`,
  ],
]

/** The same error in fleet's words; one that fleet itself threw as it is. */
export function inOwnWords(error: unknown, command: Command, words: readonly string[]): unknown {
  if (!(error instanceof UsageError)) return error
  for (const [pattern, say] of SAYINGS) {
    const found = pattern.exec(error.message)
    if (found) return new UsageError(say(found, command, words))
  }
  return error
}
