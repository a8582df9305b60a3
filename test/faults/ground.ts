import type { LabHost } from '../../src/lab/host.ts'
import { isLocked } from '../integration/hosts/guard.ts'
import { inForce } from '../integration/hosts/rules.ts'

/** What a host stands on, as text that can be compared. */
export interface Ground {
  /** IPv4 and IPv6: tables that do nothing are left out. */
  readonly live: readonly string[]
  /** What netfilter-persistent loads from the disk, both families, in a network namespace of its own. */
  readonly boots: string
  /** Where `current` leads; '' where fleet never confirmed anything. */
  readonly generation: string
  readonly isLocked: boolean
}

/** Loads the disk as a boot would, with the host's own plugins, and shows what came of it. */
const BOOT = `
[ -x /usr/sbin/netfilter-persistent ] || exit 0
export XTABLES_LOCKFILE=/run/xtables.trial
unshare --net sh -c '
  run-parts --arg=start /usr/share/netfilter-persistent/plugins.d >/dev/null 2>&1
  iptables-save; ip6tables-save'
rm -f /run/xtables.trial
`

export async function readGround(host: LabHost): Promise<Ground> {
  const [live, boots, generation, locked] = await Promise.all([
    inForce(host),
    host.exec(BOOT),
    host.exec('readlink /etc/iptables/fleet/current'),
    isLocked(host),
  ])
  return {
    live,
    boots: boots.stdout.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, ''),
    generation: generation.stdout.trim(),
    isLocked: locked,
  }
}

/** The same ground a generation later, with one word of its rules changed. */
export function renewed({ live, boots, generation }: Ground, [from, to]: readonly [string, string]): Ground {
  const number = Number(generation.replace('gen-', '')) + 1
  return {
    live: live.map(save => save.replaceAll(from, to)),
    boots: boots.replaceAll(from, to),
    generation: `gen-${String(number).padStart(6, '0')}`,
    isLocked: false,
  }
}
