import type { Break } from '../break.ts'

/* What is on the disk when: nothing before the confirmation, all of it in one rename, and synced. */

export const DISK: readonly Break[] = [
  {
    name: 'does-not-mind-that-nothing-can-be-written',
    file: 'host/arm.sh',
    from: 'unpack "$TXN" "$1" || stop "$EXIT_STORAGE" storage "$TXN"',
    to: 'unpack "$TXN" "$1"',
    red: ['host/program/storage.test.ts', '/var/lib/fleet (bytes): refused, and nothing is changed or left'],
  },
  {
    name: 'leaves-what-it-wrote-where-there-is-no-room',
    file: 'host/arm.sh',
    from: '|| rm -rf "$RUN/lock"\n  rm -rf "$TXN" "$TXN_RUN" "$GENERATIONS/staged-$NONCE"',
    to: '',
    red: ['faults/storage.test.ts', 'nothing is begun (etc-full)'],
  },
  {
    name: 'does-not-sync-what-it-stages',
    file: 'host/arm.sh',
    from: 'sync_files "$TXN"/* "$staged"/[!l]* "$staged" "$GENERATIONS" 2>/dev/null',
    to: 'true',
    red: ['faults/power.test.ts', 'at any step that touches the disk, with what was not synced and without'],
  },
  {
    name: 'does-not-sync-the-first-link',
    file: 'host/generation.sh',
    from: 'mv -T "$GENERATIONS/current.first" "$GENERATIONS/current" && sync "$GENERATIONS"',
    to: 'mv -T "$GENERATIONS/current.first" "$GENERATIONS/current"',
    red: ['faults/power.test.ts', 'at any step of the first change of a host that had rules of its own'],
  },
  {
    name: 'takes-the-link-away-before-it-puts-the-next',
    file: 'host/generation.sh',
    from: '    mv -T "$GENERATIONS/$name/link" "$GENERATIONS/current" || return 1\n',
    to: '    rm "$GENERATIONS/current"; mv -T "$GENERATIONS/$name/link" "$GENERATIONS/current" || return 1\n',
    red: ['faults/long/power.test.ts', 'and the host boots the one or the other, as fleet says (light)'],
  },
  {
    name: 'boots-what-is-not-confirmed',
    file: 'host/arm.sh',
    from: '  rehearse\n  start_guard',
    to: '  persist\n  rehearse\n  start_guard',
    red: ['host/program/guard.test.ts', 'leaves what it wants on disk only after the confirmation'],
  },
  {
    name: 'keeps-every-generation',
    file: 'host/generation.sh',
    from: '[ "$number" -gt $(($1 - 10)) ] || [ "$number" -eq "$release" ] || rm -rf "$dir"',
    to: 'true',
    red: [
      'host/program/generation.test.ts',
      'are ten, the first, and what the release of a lockdown leads to',
    ],
  },
  {
    name: 'forgets-what-stood-before',
    file: 'host/generation.sh',
    from: 'cp -p "$ETC/$rules" "$first/$rules" && cmp -s "$ETC/$rules" "$first/$rules"',
    to: 'printf "" >"$first/$rules"',
    red: [
      'host/program/generation.test.ts',
      'keep what stood before as the first, and boot what was confirmed',
    ],
  },
  {
    name: 'makes-anew-what-stood-before',
    file: 'host/generation.sh',
    from: 'if [ "$last" != "$GENERATIONS/gen-000000" ] || whole "$last"; then',
    to: 'if false; then',
    red: ['host/program/generation.test.ts', 'and there is no generation left, what stood before is kept'],
    says: /ENOENT.*gen-000000/,
  },
  {
    name: 'counts-from-nothing-without-its-link',
    file: 'host/generation.sh',
    from: '[ "$newest" -lt "$generation" ] || generation=$newest',
    to: ':',
    red: ['host/program/generation.test.ts', 'and is gone, what is owned and what stood before is known'],
  },
  {
    name: 'uses-a-number-twice',
    file: 'host/arm.sh',
    from: '[ "$GENERATION" -le "$newest" ]',
    to: 'false',
    red: ['host/program/generation.test.ts', 'and leads to an older one by hand, the next is newer than all'],
  },
  {
    name: 'removes-a-program-that-runs',
    file: 'host/arm.sh',
    from: ' /proc/[0-9]*/cmdline',
    to: '',
    red: ['host/program/tidying.test.ts', 'go by their number, but not one that runs'],
    says: /host-storage/,
  },
  {
    name: 'removes-the-program-of-the-console',
    file: 'host/arm.sh',
    from: ' "$VAR/rollback" /proc',
    to: ' /proc',
    red: ['host/program/tidying.test.ts', 'go by their number, but not one that runs'],
  },
  {
    name: 'keeps-what-former-lives-left',
    file: 'host/head.sh',
    from: '[ "$old" = "$RUN" ] || set -- "$@" "$old"',
    to: ':',
    red: ['host/program/tidying.test.ts', 'keeps nothing in /run of the changes of its former lives'],
  },
  {
    name: 'believes-what-another-life-left',
    file: 'host/head.sh',
    from: '[ "$life" = "$start" ] || RUN=$RUN/$start',
    to: ':',
    red: ['faults/power.test.ts', 'and a container is started again with its boot id and its /run'],
  },
]
