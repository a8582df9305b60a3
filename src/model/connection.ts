/** What to do with a host key that known_hosts doesn't have. */
export const HOST_KEY_CHECKING = ['strict', 'accept-new', 'off'] as const

/** How to reach a host and become root there: inventory, flags and defaults already decided. */
export interface Connection {
  /** The inventory name, for messages. */
  readonly host: string
  /** `ansible_host`, or the name itself: what is resolved and looked up in known_hosts. */
  readonly address: string
  readonly port: number
  readonly user: string
  /** A private key file, `~` already expanded. Without one: the agent, then OpenSSH's default files. */
  readonly keyFile?: string
  readonly become: boolean
  /** Goes to sudo over standard input, never into an argument list, a log or the journal. */
  readonly becomePassword?: string
  readonly hostKeyChecking: (typeof HOST_KEY_CHECKING)[number]
  readonly knownHostsFiles: readonly string[]
  /** Milliseconds for a TCP connection; a host that took it may be silent three times as long. */
  readonly connectTimeout: number
}
