import type { Socket } from 'node:net'
import type { AnyAuthMethod, AuthenticationType, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import { judgeHostKey, type Known } from './host-keys.ts'
import type { Identity } from './identity.ts'

/**
 * Cheapest first, by CPU of both ends with Node's own crypto.
 */
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
] as const
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
] as const
const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** The algorithms of the keys that a host is known by come first, so that the server shows one of those. */
export function orderHostKeys({ keys, bare }: Known): ServerHostKeyAlgorithm[] {
  const types = new Set([...keys, ...bare].map(({ type }) => type))
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm)
  return [...HOST_KEYS.filter(isKnown), ...HOST_KEYS.filter(algorithm => !isKnown(algorithm))]
}

export interface Attempt {
  phase: 'handshake' | 'auth'
  /** The labels of the keys that were offered so far. */
  readonly tried: string[]
  /** What else the server would have taken, in its own words. */
  methods: readonly string[]
  /** A host key that is to be written down once the host has proved that it holds it. */
  newKey?: Buffer
  /** Why the host key was refused. */
  refusal?: unknown
}

/** What ssh2 is told. `attempt` is filled in while it connects. */
export function describeHandshake(
  {
    connection,
    socket,
    known,
    identities,
  }: {
    connection: Connection
    socket: Socket
    known: Known
    identities: readonly Identity[]
  },
  attempt: Attempt,
): ConnectConfig {
  const left = [...identities]
  return {
    sock: socket,
    username: connection.user,
    // The deadline is ours: it covers the TCP connection too.
    readyTimeout: 0,
    keepaliveInterval: KEEPALIVE,
    keepaliveCountMax: 3,
    algorithms: { kex: [...KEX], cipher: [...CIPHERS], serverHostKey: orderHostKeys(known) },
    hostVerifier: (key: Buffer) => accepts(connection, known, key, attempt),
    authHandler: (methods: readonly AuthenticationType[] | null) => {
      if (methods) attempt.methods = methods
      const identity = methods && !methods.includes('publickey') ? undefined : left.shift()
      if (!identity) return false
      attempt.tried.push(identity.label)
      return methodOf(connection.user, identity)
    },
  }
}

function methodOf(username: string, { signer }: Identity): AnyAuthMethod {
  if ('key' in signer) return { type: 'publickey', username, key: signer.key }
  return { type: 'agent', username, agent: signer.agent }
}

const KEEPALIVE = 10_000

function accepts(connection: Connection, known: Known, key: Buffer, attempt: Attempt): boolean {
  try {
    if (judgeHostKey(connection, known, key) === 'new') attempt.newKey = key
    return true
  } catch (refusal) {
    attempt.refusal = refusal
    return false
  }
}
