import { appendFile, open, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeFolder } from '../config/folder.ts'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import { indexLines, type KnownHost, knowHost } from './known-host.ts'
import { type KnownKey, keyType, knownName, parseKnownHosts } from './known-hosts.ts'

/** The known_hosts files of a run: each is read and parsed once, each host looked up once. */
export interface HostKeys {
  /** Errors: `known-hosts-unreadable`. A file that isn't there is empty. */
  of(connection: Connection): Promise<KnownHost>
  /** Writes down, in the first file, a key that was judged `new`. Errors: `known-hosts-unwritable`. */
  accept(connection: Connection, key: Buffer): Promise<void>
}

/** `home` is where the files are that OpenSSH reads when the connection names none. */
export function createHostKeys(home = homedir()): HostKeys {
  const indexed = new Map<string, ReturnType<typeof readAll>>()
  const hosts = new Map<string, Promise<KnownHost>>()
  const appending = new Map<string, Promise<void>>()
  const filesOf = ({ knownHostsFiles }: Connection) =>
    knownHostsFiles.length > 0 ? knownHostsFiles : defaultFiles(home)

  const of = (connection: Connection) => {
    const files = filesOf(connection)
    const id = JSON.stringify([knownName(connection.address, connection.port), files])
    return remember(hosts, id, async () =>
      knowHost(connection, await remember(indexed, JSON.stringify(files), () => readAll(files))),
    )
  }

  return {
    of,
    accept(connection, key) {
      const [file = ''] = filesOf(connection)
      const record = async () => {
        const known = await of(connection)
        // Another connection may have written it down, or have met another key, since this one asked.
        if (known.judge(connection, key) === 'new') known.add(await append(file, connection, key))
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

const defaultFiles = (home: string) => [
  join(home, '.ssh/known_hosts'),
  join(home, '.ssh/known_hosts2'),
  '/etc/ssh/ssh_known_hosts',
  '/etc/ssh/ssh_known_hosts2',
]

const readAll = async (files: readonly string[]) =>
  indexLines((await Promise.all(files.map(readKnownHosts))).flat())

async function readKnownHosts(file: string): Promise<KnownKey[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new FleetError(
      'known-hosts-unreadable',
      { file, reason: String(cause) },
      { hostState: 'unreachable', cause },
    )
  }
}

/** One write in append mode is whole even beside other writers, in this process and in others. */
async function append(file: string, { host, address, port }: Connection, key: Buffer): Promise<KnownKey> {
  try {
    await makeFolder(dirname(file), 0o700)
    const start = (await endsInLine(file)) ? '' : '\n'
    const [names, type] = [knownName(address, port), keyType(key)]
    await appendFile(file, `${start}${names} ${type} ${key.toString('base64')}\n`)
    return { marker: '', names, type, key, at: { file } }
  } catch (cause) {
    throw new FleetError(
      'known-hosts-unwritable',
      { host, file, reason: String(cause) },
      { hostState: 'unreachable', cause },
    )
  }
}

/** Makes the file where there is none. */
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
