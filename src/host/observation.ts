import type { PerFamily } from '../model/family.ts'
import type { Meta } from './meta.ts'

/** What one read of a host found, as data; texts are the host's own and not parsed yet. */
export interface Observation {
  readonly bootId: string
  /** Milliseconds since it was booted. */
  readonly up: number
  /** `client-ip client-port server-ip server-port`, as sshd told it; '' if it didn't. */
  readonly sshConnection: string
  /** The one that leads to the controller; undefined where the host can't say. */
  readonly interface: string | undefined
  /** The router on the way there, where there is one. */
  readonly gateway?: string
  /** It has one other end, or is the host itself: there are no neighbours to be found. */
  readonly isDirect?: true
  readonly init: 'systemd' | 'other'
  /** What its systemd has as another one than the session: `net`, its network namespace, or a folder. */
  readonly apart?: string
  readonly os: string
  readonly release: string
  /** `iptables --version`; '' if there is none. */
  readonly iptables: string
  readonly ipv6: boolean
  /** Programs that the guard needs and the host hasn't got. With one that no package step brings, nothing more was read. */
  readonly lacks: readonly string[]
  readonly persistent: boolean
  /** Which of rules.v4 and rules.v6 lie in /etc/iptables. */
  readonly rulesFiles: readonly string[]
  /** Their texts, while fleet has confirmed nothing, or where they aren't links through its generation; else ''. */
  readonly boots: PerFamily<string>
  readonly managers: readonly Manager[]
  /** iptables-save of the backend in use, and of the other one. */
  readonly live: PerFamily<string>
  readonly other: PerFamily<string>
  /** Tables of iptables that nft has put to sleep, rules and all: `ip filter`. */
  readonly asleep: readonly string[]
  /** Chains with rules of nft's own that the save prints as something else: `ip filter INPUT`. */
  readonly natives: readonly string[]
  readonly sets: readonly string[]
  /** Of sets that live rules refer to: which of the two addresses of the SSH connection they hold. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** Listening sockets, as `ss -Hlntup` prints them; undefined if the host has no ss. */
  readonly sockets: readonly string[] | undefined
  readonly generation: Generation
  /** Where it is told to block something. */
  readonly blocks?: HostBlocks
  /** The candidate in the host's own words; undefined where `asConfirmed`, or where it doesn't load. */
  readonly canonical: PerFamily<string> | undefined
  /** Candidate and live owned rules are those of the last confirmed generation. */
  readonly asConfirmed: boolean
  /** Why the candidate doesn't load: what the host's tools said, by `4`, `6`, `sets` or `scratch`. */
  readonly loadErrors: ReadonlyMap<string, string>
  readonly guard: GuardLock | undefined
  /** Somebody arms right now. */
  readonly arming: boolean
  /** Only where that was asked for. */
  readonly before?: Before
  /** The same of a generation to go back to. */
  readonly target?: TargetGeneration
}

/** What else manages or loads rules. */
export interface Manager {
  /** A service's name, or a file's path. */
  readonly name: string
  /** Of a script that only runs because another file says so: that file. */
  readonly caller?: string
}

/** What a host says of its blocks without being asked more than it knows anyway. */
export interface HostBlocks {
  /** hashBlocks of the map that it keeps. */
  readonly hash: string
  /** A boot blocks it too. */
  readonly isPersisted: boolean
  /** Undefined where it was never told of any. */
  readonly feeds?: HostFeeds
}

/** The lists of others that a host has, all together. */
export interface HostFeeds {
  /** sha256 of them. */
  readonly hash: string
  /** Epoch milliseconds, as FeedOrder has them. */
  readonly at: number
}

/** A generation that was confirmed once: its number, the hash of what was asked for then, and its sets. */
export interface TargetGeneration {
  readonly number: number
  readonly hash: string
  readonly ipsets: string
}

/** What stood before fleet came, which is what a removal goes back to. */
export interface Before {
  /** Anything of fleet's changes is there; if not, nothing else was read. */
  readonly isTouched: boolean
  /** Which of rules.v4 and rules.v6 lay in /etc/iptables. */
  readonly files: readonly string[]
  /** A boot loaded them. */
  readonly isBooted: boolean
}

/** The last confirmed generation on disk; number 0 if fleet never confirmed one. */
export interface Generation {
  readonly number: number
  /** The highest number that was ever confirmed there: more than `number` where somebody lets an older one boot. */
  readonly newest: number
  /** Of the change that made it. */
  readonly nonce: string
  /** Who made it, when (ISO 8601), in which run; nothing where its meta.json is damaged. */
  readonly origin?: Pick<Meta, 'who' | 'made' | 'run'>
  /** Of a lockdown: the generation that its release leads to. */
  readonly lockdown?: number
  /** Its files hash to what its meta.json says. */
  readonly whole: boolean
  /** Of one that isn't whole: the files that don't. */
  readonly damaged?: readonly string[]
  /** /etc/iptables/rules.v4 and rules.v6 are links through it. */
  readonly linked: boolean
  readonly plugins: boolean
  readonly enabled: boolean
  readonly rules: PerFamily<string>
  readonly ipsets: string
  /** Its sets whose live members aren't those that were confirmed. */
  readonly changedSets?: readonly ChangedSet[]
}

/** How many members of a live set are missing, and how many were added. */
export interface ChangedSet {
  readonly name: string
  readonly missing: number
  readonly added: number
}

/** The lock of a transaction that isn't finished. */
export interface GuardLock {
  readonly nonce: string
  readonly run: string
  readonly who: string
  readonly since: string
  readonly state: string
  readonly alive: boolean
}
