import yargs from 'yargs'
import type { Command, Flags } from './command.ts'
import { COMMANDS } from './commands.ts'

/**
 * Reads the command line and runs its command. The exit code comes back: 1 for a command line that can't be read;
 * errors of the command itself are thrown.
 */
export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  const [words, rest] = splitRest(argv)
  let exitCode = 0
  const parser = yargs(words)
    .scriptName('fleet')
    .usage(
      '$0 <command>\n\nKeep the firewalls of many servers from one inventory, without locking yourself out.',
    )
    .version(version)
    .strict()
    .demandCommand(1, 'which command? See fleet --help')
    .recommendCommands()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail(complain)
  for (const command of COMMANDS) {
    parser.command(
      [command.name, command.positional].filter(Boolean).join(' '),
      command.describe,
      builder => builder.options({ ...command.flags }),
      async flags => {
        exitCode = await runCommand(command, { ...flags, ...(rest.length > 0 ? { '--': rest } : {}) })
      },
    )
  }
  await parser.parseAsync()
  return exitCode
}

/** Words behind `--` are somebody else's. */
function splitRest(argv: readonly string[]): [string[], string[]] {
  const at = argv.indexOf('--')
  return at < 0 ? [[...argv], []] : [argv.slice(0, at), argv.slice(at + 1)]
}

async function runCommand(command: Command, flags: Flags): Promise<number> {
  const { run } = await command.load()
  return run(flags)
}

/** A command line that can't be read. */
export class UsageError extends Error {}

function complain(message: string | undefined, error: Error | undefined): never {
  throw error ?? new UsageError(message ?? 'the command line could not be read')
}
