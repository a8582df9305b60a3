import { expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'

it('a folder that cannot be made is named, and the way out', async () => {
  await expect(runProgram(['init', '/proc/fleet'], '0.0.0')).rejects.toMatchObject({
    code: 'init-unwritable',
  })
})
