import { expect, it, vi } from 'vitest'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { UsageError } from '../../../src/cli/flags.ts'
import { runProgram } from '../../../src/cli/program.ts'

it.each([
  ['--extraVars', 'a=geheim'],
  ['--extraVars=a=geheim'],
  ['--extra-vars.a=geheim'],
  ['--maxFailures=1'],
])('knows each flag by one spelling, which the journal knows too: not %s', async (...words) => {
  const argv = ['apply', '-i', 'h1,', '--list-hosts', ...words]
  await expect(runProgram(argv, '0.0.0')).rejects.toThrow(UsageError)
})

it.each([
  [['--stagse', '1'], '--stagse (did you mean --stages?)'],
  [
    ['--stages', '1', '--max-failure=3', '--sok', '3'],
    '--max-failure (did you mean --max-failures?), --sok (did you mean --soak?)',
  ],
  [['--extraVars', 'a=geheim'], '--extraVars (did you mean --extra-vars?)'],
  [['--nonsense'], '--nonsense'],
  [['stages'], 'stages'],
  [['--no-nonsense'], '--no-nonsense'],
  [['--keep-longer'], '--keep-longer (a flag of fleet block)'],
  [['-Z'], '-Z'],
  [['-L', 'web'], '-L (did you mean -l?)'],
  [['-yZ'], '-Z'],
  [['-lweb'], '-lweb (did you mean -l web?)'],
])('says which flag %s was probably meant to be', async (words, said) => {
  const error = new UsageError(`unknown: ${said}. See fleet apply --help`)
  await expect(runProgram(['apply', 'inventory.ini', ...words], '0.0.0')).rejects.toThrow(error)
})

it('says whose flag it is that a command has not', async () => {
  const said = '--not-after (a flag of fleet apply, fleet remove)'
  const error = new UsageError(`unknown: ${said}. See fleet resume --help`)
  await expect(runProgram(['resume', '--not-after', '04:00'], '0.0.0')).rejects.toThrow(error)
})

it.each(['soak', 'gate', 'stages', 'not-after', 'limit', 'forks', 'unreachable'])(
  'says that a flag which wants a value is not switched off: --no-%s',
  async name => {
    const refused = runProgram(['apply', '-i', 'h1,', '--list-hosts', `--no-${name}`], '0.0.0')
    await expect(refused).rejects.toThrow(name)
    await expect(refused).rejects.toThrow(UsageError)
  },
)

it.each([
  [['promote'], 'expected fleet promote <run>. See fleet promote --help'],
  [['lab'], 'expected fleet lab <action> [rest..]. See fleet lab --help'],
  [['plan', '-l'], '-l wants a value'],
  [['plan', '--limit'], '--limit wants a value'],
  [['plan', '--templates'], '--templates wants a value'],
  [
    ['plan', '-i', 'h1,', '--host-key-checking', 'no'],
    '--host-key-checking no: expected one of strict, accept-new, off',
  ],
  [
    ['apply', '-i', 'h1,', '--confirm-timeout', '60s'],
    '--confirm-timeout: expected seconds, a number above 0',
  ],
])('says in its own words what is missing or wrong: %j', async (argv, said) => {
  await expect(runProgram(argv, '0.0.0')).rejects.toThrow(new UsageError(said))
})

it('keeps the dash that stands for standard input', async () => {
  // Without the dash there would be no address, which is told first.
  const words = ['block', '-', '-i', 'h1,', '--for', 'nonsense']
  await expect(runProgram(words, '0.0.0')).rejects.toThrow(expect.objectContaining({ code: 'block-for' }))
})

/** What a command line prints that ends its process at once. */
async function printed(...argv: readonly string[]): Promise<string> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation(line => void lines.push(String(line)))
  const exit = vi.spyOn(process, 'exit').mockImplementation(code => {
    throw new Error(`exit ${String(code)}`)
  })
  try {
    await expect(runProgram(argv, '0.0.0')).rejects.toThrow('exit 0')
    return lines.join('\n')
  } finally {
    log.mockRestore()
    exit.mockRestore()
  }
}

it.each([[], ...COMMANDS.map(({ name }) => [name])])(
  'says with -h what it says with --help: fleet %s',
  async (...words) => {
    const help = await printed(...words, '--help')
    expect(help).toContain('-h, --help')
    expect(await printed(...words, '-h')).toBe(help)
  },
)
