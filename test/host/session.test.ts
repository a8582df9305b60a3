import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { type Sshd, startSshd } from './session-sshd.ts'

let sshd: Sshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.stop())

const options = () => ({ keys: createKeyRing({ agentSocket: undefined }), hostKeys: createHostKeys() })
const open = (changes = {}) => connectSsh(sshd.connection(changes), options())

describe('a session', () => {
  it('runs a script as root and closes', async () => {
    const session = await open()
    const answer = await session.run({
      script: 'echo "$1|$2|$3"; id -un >&2; cat; exit 3',
      args: ["it's", 'a b'],
      stdin: 'hello',
      timeout: 5000,
    })
    expect(answer).toEqual({
      code: 3,
      stdout: expect.stringMatching(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\|it's\|a b\nhello$/),
      stderr: 'root\n',
    })
    await session.close()
  })
})
