import type { LabHost } from '../../src/lab/host.ts'
import { inForce, withoutEmptyTables } from '../integration/hosts/rules.ts'

/** What a host stands on, as text that can be compared. */
export interface Ground {
  /** IPv4 and IPv6: tables that do nothing are left out. */
  readonly live: readonly string[]
  /** Live ipsets and their members; how long these still stay is left out. */
  readonly sets: string
  /** What netfilter-persistent loads from the disk, both families, in a network namespace of its own. */
  readonly boots: string
  /** The sets that it makes there. */
  readonly bootSets: string
  /** Where `current` leads; '' where fleet never confirmed anything. */
  readonly generation: string
  /** What `/etc/iptables/rules.v4` and `rules.v6` are, and what is in the files of the generation. */
  readonly disk: string
  /** The files of the generation that aren't what its meta.json says. */
  readonly damaged: string
  /** `enabled` where there is no systemd, or where it starts netfilter-persistent; else ''. */
  readonly unit: string
  readonly isLocked: boolean
}

/**
 * Loads the disk as a boot would, with the host's own plugins, and shows what came of it; and what is there besides.
 * What holds the ground to be read must not hold this up: locks and tools that a scenario has put in the way.
 */
const READ = `
if [ -x /usr/sbin/netfilter-persistent ]; then
  export XTABLES_LOCKFILE=/run/xtables.trial
  unshare --net sh -c '
    run-parts --arg=start /usr/share/netfilter-persistent/plugins.d >/dev/null 2>&1
    echo @@ boots; iptables-save; ip6tables-save
    echo @@ bootSets; ipset save 2>/dev/null'
  rm -f /run/xtables.trial
fi
echo @@ sets; ipset save 2>/dev/null
echo @@ generation; readlink /etc/iptables/fleet/current
echo @@ disk
cd /etc/iptables && for file in rules.v4 rules.v6; do
  if [ -L $file ]; then echo "$file -> $(readlink $file)"; elif [ -e $file ]; then sha256sum $file; fi
done
cd /etc/iptables/fleet/current && {
  for file in rules.v4 rules.v6 ipsets; do echo "== $file"; cat $file; done
  echo @@ damaged
  sed -n 's/^ *"\\(.*\\)\\.sha256": "\\(.*\\)",*$/\\2  \\1/p' meta.json | sha256sum --check --quiet 2>/dev/null
}
echo @@ unit; [ ! -d /run/systemd/system ] || systemctl is-enabled --quiet netfilter-persistent && echo enabled
echo @@ locked; [ ! -e /run/fleet/lock ] || echo yes
`

export async function readGround(host: LabHost): Promise<Ground> {
  const [live, { stdout }] = await Promise.all([inForce(host), host.exec(READ)])
  const pieces = new Map(stdout.split(/^@@ /m).map(part => split(part)))
  const piece = (name: string) => pieces.get(name) ?? ''
  return {
    live,
    sets: setsOf(piece('sets')),
    boots: piece('boots')
      .replaceAll(/^#.*\n/gm, '')
      .replaceAll(/ \[\d+:\d+\]$/gm, ''),
    bootSets: setsOf(piece('bootSets')),
    generation: piece('generation').trim(),
    disk: piece('disk'),
    damaged: piece('damaged'),
    unit: piece('unit').trim(),
    isLocked: pieces.has('locked') && piece('locked') !== '',
  }
}

function split(part: string): readonly [string, string] {
  const end = part.indexOf('\n')
  return [part.slice(0, end), part.slice(end + 1)]
}

/** Sizes of tables and random seeds are the kernel's; the order of members is chance. */
const setsOf = (save: string) =>
  save
    .replaceAll(/ (hashsize|bucketsize|initval) \S+/g, '')
    .replaceAll(/^(add .*?) timeout \d+/gm, '$1')
    .split('\n')
    .toSorted()
    .join('\n')

/** The same ground as if the live lines and sets with this mark, which are of other software, weren't there. */
export const apartFrom = (mark: RegExp, ground: Ground): Ground => ({
  ...ground,
  sets: ground.sets
    .split('\n')
    .filter(line => !mark.test(line))
    .join('\n'),
  live: ground.live.map(save =>
    withoutEmptyTables(save.replaceAll(/^.*\n/gm, line => (mark.test(line) ? '' : line))),
  ),
})

/** The same ground a generation later, with one word of its rules changed. */
export function renewed(old: Ground, [from, to]: readonly [string, string]): Ground {
  const number = Number(old.generation.replace('gen-', '')) + 1
  return {
    ...old,
    live: old.live.map(save => save.replaceAll(from, to)),
    boots: old.boots.replaceAll(from, to),
    disk: old.disk.replaceAll(from, to),
    generation: `gen-${String(number).padStart(6, '0')}`,
    isLocked: false,
  }
}
