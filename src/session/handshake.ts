import type { Socket } from 'node:net'
import type { AnyAuthMethod, AuthenticationType, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import type { Identity } from './identity.ts'
import type { KnownHost } from './known-host.ts'

/**
 * The cheapest of the good ones first. OpenSSH does curve25519 in portable C and P-256 in OpenSSL's assembler: 2 ms
 * less on the host, of the 16 that a login costs it, and 5 % less here.
 */
const KEX = [
  'ecdh-sha2-nistp256',
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
] as const
/** No measurable difference for a login; without its native binding ssh2 does Poly1305 in WebAssembly. */
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

/** Milliseconds; a third silence in a row ends the connection. */
const KEEPALIVE = 10_000

/** The algorithms of the keys that a host is known by come first, so that the server shows one of those. */
export function orderHostKeys(types: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm)
  return [...HOST_KEYS.filter(isKnown), ...HOST_KEYS.filter(algorithm => !isKnown(algorithm))]
}

export interface Attempt {
  phase: 'handshake' | 'auth'
  readonly order: ServerHostKeyAlgorithm[]
  /** The labels of the keys that were offered so far. */
  readonly tried: string[]
  /** What else the server would have taken, in its own words. */
  methods: readonly string[]
  /** What came first, where it isn't SSH: sshd says in a line of text why it takes nobody. */
  greeting?: string
  /** A host key that is to be written down once the host has proved that it holds it. */
  newKey?: Buffer
  /** Why the host key was refused. */
  refusal?: unknown
}

interface Handshake {
  readonly connection: Connection
  readonly socket: Socket
  readonly known: KnownHost
  readonly identities: readonly Identity[]
}

/** What ssh2 is told. `attempt` is filled in while it connects. */
export function describeHandshake(handshake: Handshake, attempt: Attempt): ConnectConfig {
  const { connection, socket, identities } = handshake
  const left = [...identities]
  return {
    sock: socket,
    username: connection.user,
    // The deadline is ours: it covers the TCP connection too.
    readyTimeout: 0,
    keepaliveInterval: KEEPALIVE,
    keepaliveCountMax: 3,
    algorithms: { kex: [...KEX], cipher: [...CIPHERS], serverHostKey: attempt.order },
    hostVerifier: (key: Buffer) => accepts(handshake, key, attempt),
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

function accepts({ known, connection }: Handshake, key: Buffer, attempt: Attempt): boolean {
  try {
    if (known.judge(connection, key) === 'new') attempt.newKey = key
    return true
  } catch (refusal) {
    attempt.refusal = refusal
    return false
  }
}
