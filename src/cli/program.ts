import yargs, { type Argv } from 'yargs'
import type { Command, Flags } from './command.ts'
import { COMMANDS } from './commands.ts'
import { UsageError } from './flags.ts'

/**
 * Reads the command line and runs its command. The exit code comes back: 1 for a command line that can't be read;
 * errors of the command itself are thrown.
 */
export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  const [given, rest] = splitRest(argv)
  const words = given.map(word => (word === '-' ? DASH : word))
  const named = COMMANDS.find(({ name }) => name === words[0])
  let chosen: (() => Promise<number>) | undefined
  const choose = (command: Command, flags: Flags) => {
    refuseSwitchedOff(command, flags)
    chosen = () => runCommand(command, { ...withDashes(flags), ...(rest.length > 0 ? { '--': rest } : {}) })
  }
  // yargs lays out the help of a command that is one of several whenever it runs: 17 ms that the only one is spared.
  const parser = named
    ? addCommand(open(words.slice(1), `fleet ${named.name}`, version), named, '$0', choose)
    : COMMANDS.reduce((all, one) => addCommand(all, one, one.name, choose), openAll(words, version))
  try {
    await parser.parseAsync()
  } catch (error) {
    throw named ? (await import('./nearest-flag.ts')).nameNearest(error, named, words) : error
  }
  return chosen ? chosen() : 0
}

/** Stands for `-` while yargs reads: among the words of a command it would drop it. */
const DASH = '\u0000-'

const withDashes = (flags: Flags): Flags =>
  Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(dashOf) : dashOf(value),
    ]),
  )
const dashOf = (value: unknown) => (value === DASH ? '-' : value)

const open = (words: readonly string[], name: string, version: string): Argv =>
  yargs(words)
    .scriptName(name)
    .version(version)
    .alias('help', 'h')
    .detectLocale(false)
    // One spelling of each flag: what the journal hides it must find.
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      // 203.10 is a mistake, and not 203.1.
      'parse-positional-numbers': false,
    })
    .strict()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail(complain)

const openAll = (words: readonly string[], version: string): Argv =>
  open(words, 'fleet', version)
    .usage(
      '$0 <command>\n\nKeep the firewalls of many servers from one inventory, without locking yourself out.',
    )
    .demandCommand(1, 'which command? See fleet --help')
    .recommendCommands()

function addCommand(
  parser: Argv,
  command: Command,
  name: string,
  choose: (command: Command, flags: Flags) => void,
): Argv {
  return parser.command(
    [name, command.positional].filter(Boolean).join(' '),
    command.describe,
    builder => builder.options({ ...command.flags }),
    flags => choose(command, flags),
  )
}

/** yargs takes `--no-` before every flag: of one that wants a value nobody would hear. */
function refuseSwitchedOff(command: Command, flags: Flags): void {
  for (const [name, { type }] of Object.entries(command.flags)) {
    const isOff = [flags[name]].flat().includes(false)
    if (isOff && type !== 'boolean') throw new UsageError(`--no-${name}: --${name} wants a value`)
  }
}

/** Words behind `--` are somebody else's, and so is a command that is run in the lab. */
function splitRest(argv: readonly string[]): [string[], string[]] {
  const [command, action, word = '-'] = argv
  if (command === 'lab' && action === 'run' && !word.startsWith('-')) return [argv.slice(0, 2), argv.slice(2)]
  const at = argv.indexOf('--')
  return at < 0 ? [[...argv], []] : [argv.slice(0, at), argv.slice(at + 1)]
}

async function runCommand(command: Command, flags: Flags): Promise<number> {
  const { run } = await command.load()
  return run(flags)
}

/** yargs throws an error of its own where a flag has no value. */
function complain(message: string | undefined, error: Error | undefined): never {
  if (error && error.name !== 'YError') throw error
  throw new UsageError(message ?? error?.message ?? 'the command line could not be read')
}
