import type { Break } from '../break.ts'

/* Feeds on a host: whole or not at all, never what the host lives by, never older, no moment without. */

const TEST = 'host/block/feeds.test.ts'
const PROGRAM = 'host/block/feeds.sh'

export const FEEDS: readonly Break[] = [
  {
    name: 'empties-feeds-before-it-fills-them',
    file: PROGRAM,
    from: 'printf \'swap fleet-feeds%s-new fleet-feeds%s\\ndestroy fleet-feeds%s-new\\n\' "$family" "$family" "$family"',
    to: 'echo "flush fleet-feeds$family"; ipset save "fleet-feeds$family-new" | sed -n "s/^add fleet-feeds$family-new/add fleet-feeds$family/p"; echo "destroy fleet-feeds$family-new"',
    red: [TEST, 'protect at every moment while they are swapped'],
  },
  {
    name: 'lets-feeds-cover-the-host',
    file: PROGRAM,
    from: '  refuse_protected_feeds\n  { swap',
    to: '  { swap',
    red: [TEST, 'that cover what the host is or lives by are refused as a whole'],
  },
  {
    name: 'lets-older-feeds-win',
    file: PROGRAM,
    from: '[ "$had_at" -gt "$2" ]',
    to: '[ "$had_at" -gt "9$2" ]',
    red: [TEST, 'are never older than those that a host has'],
  },
  {
    name: 'trusts-the-list-that-differences-lead-from',
    file: PROGRAM,
    from: '  [ "$hash" != "$2" ] || return 0\n',
    to: '  return 0\n',
    red: [TEST, 'as differences from another list change nothing: the host says which one it has'],
  },
  {
    name: 'does-not-look-at-the-sets-of-feeds',
    file: PROGRAM,
    from: '&& feeds_stand "$BLOCKS/feeds"; then tell_feeds stood',
    to: '; then tell_feeds stood',
    red: [TEST, 'are put right where somebody changed the sets, and stay while blocks come and go'],
  },
  {
    name: 'boots-without-feeds',
    file: PROGRAM,
    from: 'restore_feeds() {\n',
    to: 'restore_feeds() {\n  return 0\n',
    red: [TEST, 'come back with a boot'],
  },
  {
    name: 'goes-on-without-the-list-that-a-role-names',
    file: 'cli/role-feeds.ts',
    from: 'if (!networks && known.has(feed)) throw',
    to: "if (!networks && word === '') throw",
    red: [
      'integration/role-feeds.test.ts',
      'lets in who is on the list that was taken last, for good, and is none that hosts block',
    ],
  },
]
