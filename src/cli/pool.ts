import { homedir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHostKeys } from '../session/host-keys.ts'
import { createKeyRing } from '../session/key-ring.ts'
import { createPool, type Pool } from '../session/pool.ts'
import { connectSsh } from '../session/ssh.ts'

interface Limits {
  readonly hosts: number
  readonly starts: number
  /** Ends what is being opened and what is open. */
  readonly signal: AbortSignal
}

/** The connections of a run: one key ring and one memory of known hosts for all of them. */
export function openPool(limits: Limits): Pool {
  const home = homedir()
  const agentSocket = process.env.SSH_AUTH_SOCK
  const keys = createKeyRing({ home, ...(agentSocket ? { agentSocket } : {}) })
  const hostKeys = createHostKeys(home)
  return createPool({
    ...limits,
    open: (connection, signal) => connectSsh(connection, { keys, hostKeys, signal }),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
    random: Math.random,
  })
}
