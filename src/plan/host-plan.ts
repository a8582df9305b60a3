import type { Passage } from '../host/guard.ts'
import type { WayBack } from '../model/event.ts'
import type { Finding } from '../model/finding.ts'
import type { DiffLine } from '../ruleset/diff.ts'
import type { Unmanaged } from './ownership.ts'

/** What is wanted of a host, before it was looked at. */
export interface Wish {
  readonly host: string
  /** Each role and where it came from, in order: `web (group web)`. */
  readonly roles: readonly string[]
  /** Its groups, without `all`. */
  readonly groups: readonly string[]
  /** No role but base and final. */
  readonly onlyBase: boolean
}

/** The change that a guard will make: frozen texts, a value that can be saved as JSON. */
export interface HostChange extends Passage {
  readonly candidateHash: string
  /** Of a lockdown: the generation that its release leads to. */
  readonly lockdown?: number
  /** A removal that takes blocks away as well. */
  readonly removesBlocks?: true
}

/** Everything worked out for one host. */
export interface HostPlan extends Wish {
  readonly verdict: 'unchanged' | 'change' | 'refused'
  /** Errors are why a host is refused; notes are for reading. */
  readonly findings: readonly Finding[]
  readonly diff: readonly DiffLine[]
  /** The listeners that nobody can reach any more: `tcp/443 nginx`. */
  readonly closes: readonly string[]
  readonly unmanaged: readonly Unmanaged[]
  /** iptables-persistent or ipset has to be installed first. */
  readonly installs: boolean
  /** Chains that nothing owned mentions any more: their policy goes back to ACCEPT. */
  readonly released: readonly string[]
  readonly kept: readonly string[]
  /** Only where the verdict is `change` and the rules could be worked out before packages are installed. */
  readonly change?: HostChange
  readonly bootId: string
  /** Where it goes, if that is a generation of its own. */
  readonly back?: WayBack
  /** It doesn't block all that the ledger and the feeds say. */
  readonly isBehind?: true
}

/** A plan for a host where nothing is to be done and nothing is to be said. */
export const NOTHING = {
  verdict: 'unchanged',
  findings: [],
  diff: [],
  closes: [],
  unmanaged: [],
  installs: false,
  released: [],
  kept: [],
} satisfies Partial<HostPlan>
