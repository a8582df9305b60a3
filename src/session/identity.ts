import type { BaseAgent, ParsedKey } from 'ssh2'

/** A key to be tried: signed for by the agent, or here. */
export interface Identity {
  /** For messages: the file, or the agent's comment, with the fingerprint. */
  readonly label: string
  readonly publicKey: Buffer
  readonly signer: { readonly key: ParsedKey } | { readonly agent: BaseAgent }
}
