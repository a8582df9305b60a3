import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ParsedKey } from 'ssh2'
import type { Connection } from '../model/connection.ts'
import { FleetError } from '../model/error.ts'
import { openAgent } from './agent.ts'
import type { Identity } from './identity.ts'
import { type KeyFile, readKey } from './key-file.ts'
import { fingerprint } from './known-hosts.ts'

/** The user's keys, each read, parsed and asked of the agent once a run. */
export interface KeyRing {
  /**
   * In the order to try them. With a key file only that key (sshd counts the tries).
   * Errors, `unreachable`: `key-unreadable`, `key-bad`, `key-encrypted`, `no-key`.
   */
  identities(connection: Connection): Promise<readonly Identity[]>
}

const DEFAULT_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa']

export function createKeyRing({
  home = homedir(),
  agentSocket = process.env.SSH_AUTH_SOCK,
}: {
  home?: string
  agentSocket?: string | undefined
} = {}): KeyRing {
  let agent: Promise<readonly Identity[]> | undefined
  let defaults: Promise<readonly KeyFile[]> | undefined
  const named = new Map<string, Promise<KeyFile>>()
  const agentKeys = () => {
    agent ??= agentSocket ? openAgent(agentSocket) : Promise.resolve([])
    return agent
  }

  async function fromFile(file: string): Promise<Identity[]> {
    const read = named.get(file) ?? readKey(file)
    named.set(file, read)
    const found = await read
    if (found.key) return [local(found, found.key)]
    const held = (await agentKeys()).filter(({ publicKey }) => found.publicKey?.equals(publicKey))
    if (held.length === 0) throw new FleetError('key-encrypted', { file }, { hostState: 'unreachable' })
    return held
  }

  async function fromDefaults(): Promise<readonly Identity[]> {
    defaults ??= readDefaults(home)
    const [held, files] = await Promise.all([agentKeys(), defaults])
    const isHeld = (file: KeyFile) => held.some(({ publicKey }) => file.publicKey?.equals(publicKey))
    const own = files.flatMap(file => (file.key && !isHeld(file) ? [local(file, file.key)] : []))
    if (held.length + own.length > 0) return [...held, ...own]
    const locked = files.find(({ key }) => key === undefined)
    if (locked) throw new FleetError('key-encrypted', { file: locked.file }, { hostState: 'unreachable' })
    throw new FleetError('no-key', { folder: join(home, '.ssh') }, { hostState: 'unreachable' })
  }

  return { identities: ({ keyFile }) => (keyFile === undefined ? fromDefaults() : fromFile(keyFile)) }
}

function local({ file }: KeyFile, key: ParsedKey): Identity {
  const publicKey = key.getPublicSSH()
  return { label: `${file} (${fingerprint(publicKey)})`, publicKey, signer: { key } }
}

async function readDefaults(home: string): Promise<readonly KeyFile[]> {
  const read = async (name: string) => {
    const file = join(home, '.ssh', name)
    try {
      return [await readKey(file)]
    } catch (error) {
      // OpenSSH, too, tries the default keys that it can use and is silent about the others.
      if (error instanceof FleetError) return []
      throw error
    }
  }
  return (await Promise.all(DEFAULT_FILES.map(read))).flat()
}
