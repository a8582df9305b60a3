import ssh2, {
  BaseAgent,
  createAgent,
  type ParsedKey,
  type PublicKeyEntry,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import type { Identity } from './identity.ts'
import { fingerprint } from './known-hosts.ts'

/** Milliseconds for an agent to list its keys: one that hangs would hold up every host. */
const PATIENCE = 10_000

/** The keys of the agent at `socket`, asked once. An agent that doesn't answer has none, as in OpenSSH. */
export async function openAgent(socket: string): Promise<readonly Identity[]> {
  const agent = createAgent(socket)
  const keys = await new Promise<readonly ParsedKey[]>(resolve => {
    const timer = setTimeout(() => resolve([]), PATIENCE)
    agent.getIdentities((error, found = []) => {
      clearTimeout(timer)
      resolve(error ? [] : found.flatMap(key => (isEntry(key) ? [] : parse(key))))
    })
  })
  return keys.map(key => {
    const publicKey = key.getPublicSSH()
    const label = `agent: ${key.comment || key.type} (${fingerprint(publicKey)})`
    return { label, publicKey, signer: { agent: new OneKey(agent, key) } }
  })
}

/** What ssh2's types allow an agent to answer, and its agents never do. */
const isEntry = (key: object | string): key is PublicKeyEntry => typeof key === 'object' && 'pubKey' in key

function parse(found: ParsedKey | Buffer | string): ParsedKey[] {
  const parsed = ssh2.utils.parseKey(found)
  return parsed instanceof Error ? [] : [parsed]
}

/** ssh2 would offer every key of an agent in one go; this way each is one try, and is named when it is refused. */
class OneKey extends BaseAgent<ParsedKey> {
  readonly #agent: BaseAgent
  readonly #key: ParsedKey

  constructor(agent: BaseAgent, key: ParsedKey) {
    super()
    this.#agent = agent
    this.#key = key
  }

  override getIdentities(answer: (error: Error | null, keys?: ParsedKey[]) => void): void {
    answer(null, [this.#key])
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    answer?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, answer)
  }
}
