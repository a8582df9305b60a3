import type { Break } from '../break.ts'

/* What a boot loads, and that it is loud where that isn't what was confirmed. */

export const BOOT: readonly Break[] = [
  {
    name: 'takes-a-disabled-script-of-init-for-enabled',
    file: 'host/unit.sh',
    from: 'has_runlevels || return 0\n',
    to: 'return 0\n',
    red: ['host/program/runlevels.test.ts', 'loads nothing where the script of init is disabled'],
  },
  {
    name: 'boots-without-its-sets',
    file: 'host/boot.sh',
    from: '$LIMIT ipset restore -exist <"$1/ipsets"',
    to: ':',
    red: ['host/program/generation.test.ts', 'makes the sets that the rules refer to, with their members'],
  },
  {
    name: 'loads-the-generation-once-only',
    file: 'host/boot.sh',
    from: 'for family in 4 6; do load "$family" "$last/rules.v$family"; done',
    to: ':',
    red: [
      'host/program/generation.test.ts',
      'loads the generation once more where something else was loaded',
    ],
  },
  {
    name: 'boots-sets-without-reading-them-back',
    file: 'host/boot.sh',
    from: '  sets_hold "$1/ipsets"\n}',
    to: '}',
    red: ['host/program/generation.test.ts', 'is loud where a set lacks a member'],
  },
  {
    name: 'boots-what-others-loaded-into-its-sets',
    file: 'host/boot.sh',
    from: '  mend_sets "$last"\n',
    to: '',
    red: ['host/program/generation.test.ts', 'puts right what a set lacks, and what somebody loaded'],
  },
  {
    name: 'boots-something-else-in-silence',
    file: 'host/boot.sh',
    from: 'echo "$1" >&2',
    to: 'echo "$1" >/dev/null',
    red: ['host/program/generation.test.ts', 'is loud where the generation cannot be loaded'],
  },
  {
    name: 'keeps-a-bad-boot-from-the-console',
    file: 'host/boot.sh',
    from: '  { echo "<2>$1" >/dev/kmsg; } 2>/dev/null\n',
    to: '',
    red: ['host/program/kernel-log.test.ts', 'hears, as critical, that the generation cannot be loaded'],
  },
  {
    name: 'believes-a-damaged-generation-at-boot',
    file: 'host/boot.sh',
    from: '! take_saved_back && whole "$last" && loaded',
    to: '! take_saved_back && loaded',
    red: ['faults/long/boot.test.ts', 'is loud where a file of rules is empty'],
  },
  {
    name: 'boots-without-its-link-in-silence',
    file: 'host/boot.sh',
    from: '  loud "fleet: the generation that is to boot is not to be found"\n}',
    to: '  true\n}',
    red: ['faults/long/boot.test.ts', 'is loud where the link is gone'],
  },
  {
    name: 'saves-through-its-links',
    file: 'host/boot.sh',
    from: 'save) unlink_rules ;;',
    to: 'save) ;;',
    red: ['host/program/generation.test.ts', 'are not written through by netfilter-persistent save'],
  },
  {
    name: 'does-not-rehearse-a-boot',
    file: 'host/boot.sh',
    from: '  said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)\n  loaded "$GENERATIONS/current" && return 0',
    to: '  return 0; said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)\n  loaded "$GENERATIONS/current" && return 0',
    red: [
      'host/program/storage.test.ts',
      'is confirmed and not persisted where a boot would load something else',
    ],
  },
  {
    name: 'does-not-rehearse-a-boot-under-another-shell',
    file: 'host/boot.sh',
    from: '  said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)\n  loaded "$GENERATIONS/current" && return 0',
    to: '  return 0; said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)\n  loaded "$GENERATIONS/current" && return 0',
    red: ['faults/long/shells.test.ts', 'busybox, under which Debian boots no rules, hears so'],
  },
  {
    name: 'boots-open-without-its-link',
    file: 'host/boot.sh',
    from: ' || ! are_links || boot_again',
    to: '',
    red: [
      'host/program/generation.test.ts',
      'loads what was confirmed last where `current` is gone, and is loud',
    ],
  },
  {
    name: 'waits-at-boot-for-what-hangs',
    file: 'host/boot.sh',
    from: "BOOT_LIMIT='timeout -k 5 60'",
    to: "BOOT_LIMIT=''",
    red: ['host/program/generation.test.ts', 'goes on where ipset hangs'],
    // What vitest makes of a time that is up.
    says: /timed out|STACK_TRACE_ERROR/,
  },
  {
    name: 'forwards-until-docker-starts',
    file: 'plan/ownership.ts',
    from: 'const policy = agreed(name, chain)',
    to: 'const policy = name === "" ? agreed(name, chain) : null',
    red: ['faults/long/boot.test.ts', 'is quiet where netfilter-persistent saved all there is'],
  },
]
