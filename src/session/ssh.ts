import type { Socket } from 'node:net'
import { Client, type ConnectConfig } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { dial } from './dial.ts'
import { type Attempt, describeHandshake, orderHostKeys } from './handshake.ts'
import type { HostKeys } from './host-keys.ts'
import type { Identity } from './identity.ts'
import type { KeyRing } from './key-ring.ts'
import type { KnownHost } from './known-host.ts'
import type { Session } from './session.ts'
import { openSession } from './ssh-session.ts'

export interface SshOptions {
  readonly keys: KeyRing
  readonly hostKeys: HostKeys
  /** Ends the attempt, and later the session, at once: error `aborted`. */
  readonly signal?: AbortSignal
}

/**
 * A fresh SSH connection, its host key verified, its user authenticated.
 * Errors, `unreachable` all but `aborted`: those of `dial`, `HostKeys`, `KnownHost` and `KeyRing`; `handshake-timeout`,
 * `handshake-lost` (broken off before authentication: worth another try), `handshake-failed`, `auth-refused`,
 * `auth-timeout`, `auth-lost`, `banner-too-long`.
 */
export async function connectSsh(connection: Connection, options: SshOptions): Promise<Session> {
  const { keys, hostKeys, signal } = options
  const [known, identities] = await Promise.all([hostKeys.of(connection), keys.identities(connection)])
  const deadline = startDeadline(connection, signal)
  try {
    const { client, newKey, ...opened } = await logIn(connection, { known, identities, deadline })
    const session = openSession(client, { connection, ...opened, ...(signal ? { signal } : {}) })
    if (newKey) await hostKeys.accept(connection, newKey).catch(closing(session))
    return session
  } finally {
    deadline.clear()
  }
}

interface Credentials {
  readonly known: KnownHost
  readonly identities: readonly Identity[]
  readonly deadline: Deadline
}

interface LoggedIn {
  readonly client: Client
  readonly socket: Socket
  readonly connectStart: number
  readonly newKey: Buffer | undefined
}

async function logIn(connection: Connection, credentials: Credentials): Promise<LoggedIn> {
  const { known, identities, deadline } = credentials
  const order = orderHostKeys(known.types())
  const attempt: Attempt = { tried: [], methods: [], phase: 'handshake', order }
  const connectStart = performance.now()
  const socket = await dial(connection, deadline.signal)
  deadline.enter('handshake')
  socket.once('data', (first: Buffer) => {
    if (!first.toString('latin1', 0, 4).startsWith('SSH-')) attempt.greeting = first.toString('utf8', 0, 200)
  })
  const client = new Client()
  client.once('handshake', () => {
    attempt.phase = 'auth'
    deadline.enter('auth')
    neverAskForOtherHostKeys(client)
  })
  const config = describeHandshake({ connection, socket, known, identities }, attempt)
  try {
    await authenticate(client, config, { connection, attempt, deadline, socket })
    takeAllForLife(client, socket)
  } catch (error) {
    // The refused key made known_hosts be searched, and the host is known by a key of another type: ask for that.
    const better = attempt.refusal && orderHostKeys(known.types()).join() !== order.join()
    if (better) return logIn(connection, credentials)
    throw error
  }
  return { client, socket, connectStart, newKey: attempt.newKey }
}

const closing = (session: Session) => async (error: unknown) => {
  await session.close()
  throw error
}

/**
 * ssh2 has an OpenSSH server prove every other host key it has, on each connection, for an event that nobody here
 * listens to: an RSA signature on the host and three verifications here. It asks only servers that call
 * themselves OpenSSH.
 */
function neverAskForOtherHostKeys(client: Client): void {
  Reflect.set(client, '_remoteVer', '')
}

/**
 * ssh2 takes only answers to its own questions for a sign of life, and those questions wait behind whatever is being
 * sent: on a slow line a long input would end the connection.
 */
function takeAllForLife(client: Client, socket: Socket): void {
  const reset: unknown = Reflect.get(client, '_resetKA')
  if (typeof reset === 'function') socket.on('data', () => reset())
}

interface Context {
  readonly connection: Connection
  readonly attempt: Attempt
  readonly deadline: Deadline
  readonly socket: Socket
}

function authenticate(client: Client, config: ConnectConfig, context: Context): Promise<void> {
  const { socket, deadline } = context
  const { signal, heard } = deadline
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      signal.removeEventListener('abort', stop)
      client.removeListener('close', onClose)
      socket.removeListener('data', heard)
      settle()
    }
    const fail = (error: unknown) =>
      done(() => {
        client.destroy()
        reject(error)
      })
    const stop = () => fail(signal.reason)
    const onClose = () => fail(explain(context, new Error(CLOSED)))
    signal.addEventListener('abort', stop, { once: true })
    client.once('ready', () => done(resolve))
    client.on('close', onClose)
    // Stays for good: an error without a listener would end the program.
    client.on('error', error => {
      if (levelOf(error) !== 'agent') fail(explain(context, error))
    })
    if (signal.aborted) return stop()
    client.connect(config)
    // ssh2 has the socket paused by now, and takes it from there: nothing is read past it.
    socket.on('data', heard)
  })
}

const levelOf = (error: Error): unknown => Reflect.get(error, 'level')
const CLOSED = 'the connection was closed'
const LOST = new RegExp(`^Connection lost before handshake$|^${CLOSED}$`)
/** SSH_DISCONNECT_PROTOCOL_ERROR is what OpenSSH sends with "Too many authentication failures". */
const REFUSALS: readonly unknown[] = [2, 14]

function explain({ connection, attempt }: Context, cause: Error): unknown {
  if (attempt.refusal) return attempt.refusal
  const { host, address, port, user } = connection
  const { tried, methods, phase } = attempt
  const level = levelOf(cause)
  const fault = (code: string, reason = cause.message) =>
    new FleetError(
      code,
      { host, address, port, user, tried, methods, reason },
      { hostState: 'unreachable', cause },
    )
  if (phase === 'auth') {
    // ssh2 takes packets of 35,000 bytes; OpenSSH's client takes seven times that.
    const tooLong = /^Bad packet length: (\d+)/.exec(cause.message)
    if (tooLong) return fault('banner-too-long', tooLong[1])
    const refused = level === 'client-authentication' || REFUSALS.includes(Reflect.get(cause, 'code'))
    return fault(refused ? 'auth-refused' : 'auth-lost')
  }
  const isLost = level === 'client-socket' || LOST.test(cause.message)
  return isLost ? fault('handshake-lost', attempt.greeting?.trim() || undefined) : fault('handshake-failed')
}
