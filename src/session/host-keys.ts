import { appendFile, mkdir, open, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import type { Args } from '../model/finding.ts'
import {
  fingerprint,
  type KnownKey,
  keyType,
  knownName,
  matchesName,
  parseKnownHosts,
} from './known-hosts.ts'

/** What is known of one host's keys, in the order of the files. */
export interface Known {
  readonly keys: readonly KnownKey[]
  /** For a port of its own: what is known of the bare name. Good enough to accept, no reason to refuse (as in OpenSSH). */
  readonly bare: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  readonly authorities: readonly KnownKey[]
}

/** The known_hosts files of a run: each is read and parsed once, each host looked up once. */
export interface HostKeys {
  lookUp(connection: Connection): Promise<Known>
  /** Records a key that `judgeHostKey` called new. Errors: `known-hosts-unwritable`. */
  accept(connection: Connection, key: Buffer): Promise<void>
}

type Target = Pick<Connection, 'host' | 'address' | 'port' | 'hostKeyChecking'>

export function createHostKeys(home = homedir()): HostKeys {
  const files = new Map<string, Promise<KnownKey[]>>()
  const hosts = new Map<string, Promise<Known>>()
  const appending = new Map<string, Promise<void>>()
  const read = (file: string) => remember(files, file, () => readKnownHosts(file))
  const filesOf = ({ knownHostsFiles }: Connection) =>
    knownHostsFiles.length > 0 ? knownHostsFiles : defaultFiles(home)
  const hostId = (connection: Connection) =>
    JSON.stringify([knownName(connection.address, connection.port), ...filesOf(connection)])

  return {
    lookUp: connection =>
      remember(hosts, hostId(connection), async () =>
        select((await Promise.all(filesOf(connection).map(read))).flat(), connection),
      ),
    accept(connection, key) {
      const [file = ''] = filesOf(connection)
      const record = async () => {
        const known = await this.lookUp(connection)
        // Another connection may have written it down, or have met another key, since this one asked.
        if (judgeHostKey(connection, known, key) === 'known') return
        const line = await append(file, connection, key)
        hosts.set(hostId(connection), Promise.resolve({ ...known, keys: [...known.keys, line] }))
      }
      const done = (appending.get(file) ?? Promise.resolve()).catch(() => {}).then(record)
      appending.set(file, done)
      return done
    },
  }
}

function remember<T>(memory: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const found = memory.get(name)
  if (found) return found
  const made = make()
  memory.set(name, made)
  return made
}

/** The files that OpenSSH reads when nobody says otherwise. */
const defaultFiles = (home: string) => [
  join(home, '.ssh/known_hosts'),
  join(home, '.ssh/known_hosts2'),
  '/etc/ssh/ssh_known_hosts',
  '/etc/ssh/ssh_known_hosts2',
]

async function readKnownHosts(file: string): Promise<KnownKey[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new FleetError('known-hosts-unreadable', { file, reason: String(cause) }, { cause })
  }
}

function select(lines: readonly KnownKey[], { address, port }: Target): Known {
  const name = knownName(address, port)
  const mine = lines.filter(({ names }) => matchesName(names, name))
  const bareName = knownName(address, 22)
  const bare = name === bareName ? [] : lines.filter(({ names }) => matchesName(names, bareName))
  const marked = (marker: KnownKey['marker']) => mine.filter(line => line.marker === marker)
  return {
    keys: marked(''),
    bare: bare.filter(({ marker }) => marker === ''),
    revoked: [...marked('@revoked'), ...bare.filter(({ marker }) => marker === '@revoked')],
    authorities: marked('@cert-authority'),
  }
}

/**
 * Whether the key that a host shows is the one it is known by. `new` means: accept it and write it down.
 * Errors: `host-key-revoked`, `host-key-changed`, `host-key-authority`, `host-key-unknown`, each `unreachable`.
 */
export function judgeHostKey(target: Target, known: Known, key: Buffer): 'known' | 'new' {
  if (target.hostKeyChecking === 'off') return 'known'
  const revoked = known.revoked.find(line => line.key.equals(key))
  if (revoked) throw refuse('host-key-revoked', target, key, revoked)
  if ([...known.keys, ...known.bare].some(line => line.key.equals(key))) return 'known'
  // A host that is known by another key is never new, even if that key is of another type: that is how one is spoofed.
  const other = known.keys.find(({ type }) => type === keyType(key)) ?? known.keys[0]
  if (other) throw refuse('host-key-changed', target, key, other)
  const authority = known.authorities[0]
  if (authority) throw refuse('host-key-authority', target, key, authority)
  if (target.hostKeyChecking === 'accept-new') return 'new'
  throw refuse('host-key-unknown', target, key)
}

function refuse(code: string, { host, address, port }: Target, key: Buffer, line?: KnownKey): FleetError {
  const args: Args = {
    host,
    address,
    port,
    type: keyType(key),
    fingerprint: fingerprint(key),
    ...(line ? { knownFingerprint: fingerprint(line.key), knownType: line.type } : {}),
  }
  return new FleetError(code, args, { hostState: 'unreachable', ...(line ? { at: line.at } : {}) })
}

/** One write in append mode is whole even beside other writers, in this process and in others. */
async function append(file: string, { host, address, port }: Connection, key: Buffer): Promise<KnownKey> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const start = (await endsInLine(file)) ? '' : '\n'
    const [names, type] = [knownName(address, port), keyType(key)]
    await appendFile(file, `${start}${names} ${type} ${key.toString('base64')}\n`, { mode: 0o600 })
    return { marker: '', names, type, key, at: { file } }
  } catch (cause) {
    throw new FleetError(
      'known-hosts-unwritable',
      { host, file, reason: String(cause) },
      { hostState: 'unreachable', cause },
    )
  }
}

async function endsInLine(file: string): Promise<boolean> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    if (size === 0) return true
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer.toString() === '\n'
  } finally {
    await handle.close()
  }
}
