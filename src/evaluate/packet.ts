import type { Family } from '../model/family.ts'
import type { Rule } from '../ruleset/ruleset.ts'

export type ConnectionState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'

/** A packet to ask about. What isn't said isn't known: a rule that asks for it makes both happen. */
export interface Packet {
  readonly family: Family
  /** Where it is going: to a program on the host, from one, or through. */
  readonly hook: 'input' | 'output' | 'forward'
  /** A name (`tcp`, `udp`, `icmp`, `ipv6-icmp`, ...) or a number. */
  readonly proto: string
  readonly source?: string
  readonly destination?: string
  readonly sport?: number
  readonly dport?: number
  readonly inInterface?: string
  readonly outInterface?: string
  readonly icmpType?: number
  readonly icmpCode?: number
  /** Of IPv6; of IPv4 its TTL. */
  readonly hopLimit?: number
  readonly ctstate?: ConnectionState
  /** Without them: SYN for a NEW packet, what an open connection sends for an ESTABLISHED one. */
  readonly tcpFlags?: readonly string[]
}

export type VerdictName = 'accept' | 'drop' | 'reject' | 'conditional' | 'unknown'

/** A rule with its place in the ruleset. Its text is `:CHAIN POLICY` where a policy decided. */
export interface DecidingRule extends Rule {
  readonly table: string
  readonly chain: string
}

export interface Verdict {
  readonly verdict: VerdictName
  /**
   * What decided, in the order the packet meets it: for a verdict that holds, the last one made it; for
   * `conditional` and `unknown` the rules that it hangs on come first.
   */
  readonly rules: readonly DecidingRule[]
}

export interface Options {
  /** The entries of each ipset; one that isn't here can't be asked. */
  readonly sets: ReadonlyMap<string, readonly string[]>
}

/** What a match sees of the packet at one place of its way. Interfaces are '' where the kernel has none there. */
export interface Sight {
  readonly packet: Packet
  readonly ctstate: ConnectionState | undefined
  readonly inInterface: string | undefined
  readonly outInterface: string | undefined
  readonly sets: Options['sets']
}
