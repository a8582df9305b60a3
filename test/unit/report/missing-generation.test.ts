import { expect, it } from 'vitest'
import { observeGeneration } from '../../../src/host/observe.ts'
import { FleetError } from '../../../src/model/error.ts'
import { say } from '../../../src/report/say.ts'
import type { Answer, Run, Session } from '../../../src/session/session.ts'

/** Refuses, as the host program does, and lists what lies there. */
const session = (refusal: string, listed: () => string): Session => ({
  connectStart: 0,
  run: async ({ script, args = [] }: Run): Promise<Answer> => {
    if (script.includes('ls -d')) return { code: 0, stdout: listed(), stderr: '' }
    const [, marker] = args
    const stdout = `@@${marker} stop\n${refusal}\n@@${marker} end\n@@${marker} code 19\n`
    return { code: 19, stdout, stderr: '' }
  },
  close: async () => undefined,
})

const said = (name: string, listed: () => string, to: number | 'previous' = 99) =>
  observeGeneration(session(`why=generation-missing\ndetail=${name}`, listed), to).then(
    () => expect.fail('it is missing'),
    (error: unknown) => (error instanceof FleetError ? say(error.finding) : expect.fail(String(error))),
  )

it('a generation that a host has not is told with those that it has', async () => {
  expect(await said('gen-000099', () => 'gen-000000\ngen-000007\ngen-000010\n')).toBe(
    'The host has no generation 99. It has 7, 10. Say with --to to which one it is to go.',
  )
})

it('where there is none before the last one, so does the way to what stood before fleet', async () => {
  expect(await said('gen-000000', () => 'gen-000000\ngen-000001\n', 'previous')).toBe(
    'The host has no generation before its own. It has 1. `fleet remove` goes back to what stood before fleet.',
  )
})

it('a host that does not say which it has is refused all the same', async () => {
  const gone = () => {
    throw new FleetError('connection-lost', {}, { hostState: 'unknown' })
  }
  expect(await said('gen-000099', gone)).toBe(
    'The host has no generation 99. Say with --to to which one it is to go.',
  )
})
