import type { Break } from '../break.ts'

/* What a boot loads, and that it is loud where that isn't what was confirmed. */

export const BOOT: readonly Break[] = [
  {
    name: 'boots-without-its-sets',
    file: 'host/boot.sh',
    from: 'ipset restore -exist <"$GENERATIONS/current/ipsets"',
    to: ':',
    red: ['host/program/generation.test.ts', 'makes the sets that the rules refer to, with their members'],
  },
  {
    name: 'loads-the-generation-once-only',
    file: 'host/boot.sh',
    from: 'for family in 4 6; do load "$family" "$GENERATIONS/current/rules.v$family"; done',
    to: ':',
    red: [
      'host/program/generation.test.ts',
      'loads the generation once more where something else was loaded',
    ],
  },
  {
    name: 'boots-something-else-in-silence',
    file: 'host/boot.sh',
    from: 'echo "$1" >&2',
    to: 'echo "$1" >/dev/null',
    red: ['host/program/generation.test.ts', 'is loud where the generation cannot be loaded'],
  },
  {
    name: 'believes-a-damaged-generation-at-boot',
    file: 'host/boot.sh',
    from: '  # A damaged file expects less than it should.\n  whole "$GENERATIONS/current" && loaded',
    to: '  loaded',
    red: ['faults/long/boot.test.ts', 'is loud where a file of rules is empty'],
  },
  {
    name: 'boots-without-its-link-in-silence',
    file: 'host/boot.sh',
    from: 'nothing_to_boot || loud "fleet: the generation',
    to: 'true || loud "fleet: the generation',
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
    from: '  said=$(netfilter-persistent start 2>&1)\n  loaded && same_members',
    to: '  return 0; said=$(netfilter-persistent start 2>&1)\n  loaded && same_members',
    red: [
      'host/program/storage.test.ts',
      'is confirmed and not persisted where a boot would load something else',
    ],
  },
  {
    name: 'does-not-rehearse-a-boot-under-another-shell',
    file: 'host/boot.sh',
    from: '  said=$(netfilter-persistent start 2>&1)\n  loaded && same_members',
    to: '  return 0; said=$(netfilter-persistent start 2>&1)\n  loaded && same_members',
    red: ['faults/long/shells.test.ts', 'busybox, under which Debian boots no rules, hears so'],
  },
]
