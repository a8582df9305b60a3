import { expect, it } from 'vitest'
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
