import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Connection } from '../../src/model/connection.ts'
import { createHostKeys } from '../../src/session/host-keys.ts'
import { createKeyRing } from '../../src/session/key-ring.ts'
import type { Session } from '../../src/session/session.ts'
import { connectSsh } from '../../src/session/ssh.ts'
import { type Sshd, startSshd } from './session-sshd.ts'

/** An sshd for the tests of a file, and sessions with it that end with their test. */
export function useSshd() {
  let started: Sshd | undefined
  const sessions: Session[] = []
  beforeAll(async () => {
    started = await startSshd()
  })
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map(session => session.close()))
  })
  afterAll(() => started?.stop())
  const sshd = (): Sshd => {
    if (started === undefined) throw new Error("sshd isn't up")
    return started
  }
  /** With no key but the connection's own, unless other keys are given. */
  async function open(
    changes: Partial<Connection> = {},
    { keys = noAgent(), signal }: { keys?: ReturnType<typeof createKeyRing>; signal?: AbortSignal } = {},
  ) {
    const options = { keys, hostKeys: createHostKeys(sshd().folder), ...(signal && { signal }) }
    const session = await connectSsh(sshd().connection(changes), options)
    sessions.push(session)
    return session
  }
  return { sshd, open, sessions }
}

export const noAgent = () => createKeyRing({ agentSocket: undefined })
export const failure = (code: string, more = {}) => expect.objectContaining({ code, ...more })
export const unreachable = (code: string) => failure(code, { hostState: 'unreachable' })
