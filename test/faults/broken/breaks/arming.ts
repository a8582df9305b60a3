import type { Break } from '../break.ts'

/* Everything is written, read back and tried before the guard starts. */

export const ARMING: readonly Break[] = [
  {
    name: 'does-not-rehearse-a-change',
    file: 'host/arm.sh',
    from: '  rehearse\n  start_guard',
    to: '  load_cs=0\n  start_guard',
    red: ['host/program/guard.test.ts', 'is refused before anything changes: it does not load'],
  },
  {
    name: 'rehearses-no-way-back',
    file: 'host/scratch.sh',
    from: 'is "$family" "$dir/now.$family" "$dir/want.$family" || {',
    to: 'true || {',
    red: ['host/program/guard.test.ts', 'is refused before anything changes: it does not lead back'],
  },
  {
    name: 'arms-over-a-newer-generation',
    file: 'host/arm.sh',
    from: 'then stop "$EXIT_CHANGED" generation',
    to: 'then : stop "$EXIT_CHANGED" generation',
    red: ['faults/replayed.test.ts', 'is refused when it goes on (returned)'],
  },
  {
    name: 'arms-over-rules-that-changed',
    file: 'host/arm.sh',
    from: '1) stop "$EXIT_CHANGED" rules ;;',
    to: '1) ;;',
    red: ['host/program/guard-twice.test.ts', 'refuses when the rules are not the observed ones any more'],
  },
  {
    name: 'takes-a-nonce-twice',
    file: 'host/arm.sh',
    from: 'if [ -e "$TXN" ] || [ -e "$TXN_RUN" ]; then stop "$EXIT_UNKNOWN_NONCE" nonce-used; fi',
    to: 'rm -rf "$TXN" "$TXN_RUN"',
    red: [
      'host/program/guard-twice.test.ts',
      'refuses a nonce that was used, an unknown one, and another boot',
    ],
  },
  {
    name: 'confirms-on-another-boot',
    file: 'host/confirm.sh',
    from: '[ "$boot" = "$2" ] || stop "$EXIT_UNKNOWN_NONCE" other-boot',
    to: ':',
    red: [
      'host/program/guard-twice.test.ts',
      'refuses a nonce that was used, an unknown one, and another boot',
    ],
  },
  {
    name: 'waits-for-good-for-what-is-sent-to-it',
    file: 'host/arm.sh',
    from: 'unpack "$TXN" "$1" "$2"',
    to: 'unpack "$TXN" "$1"',
    red: [
      'host/program/arming.test.ts',
      'who stops sending holds the host no longer than the time that he said it takes',
    ],
    says: /host-busy/,
  },
  {
    name: 'steals-the-lock-of-the-living',
    file: 'host/lock.sh',
    from: 'guard_alive "$dead" && tell_busy "$1"',
    to: ':',
    red: ['host/program/guard-twice.test.ts', 'says who holds the host and since when'],
  },
  {
    name: 'steals-the-lock-of-a-change-without-its-files',
    file: 'host/lock.sh',
    from: '[ -r "$1/owner" ] || stop "$EXIT_REFUSED" damaged "$VAR/txn/$dead"',
    to: 'at_transaction "$dead" || { rm -rf "$1"; return; }',
    red: [
      'host/program/guard-twice.test.ts',
      'never steals the lock of a change whose files somebody removed',
    ],
  },
  {
    name: 'forgets-what-the-dead-left',
    file: 'host/lock.sh',
    from: 'APPLIED-*) become "$state" ROLLING_BACK-abandoned ;;',
    to: 'APPLIED-*) become "$state" ROLLED_BACK-abandoned ;;',
    red: [
      'host/program/guard-killed.test.ts',
      'and not started again is finished by the next contact before anything new',
    ],
  },
  {
    name: 'takes-an-unidentified-session-for-gone',
    file: 'host/guard.sh',
    from: '[ "$SESSION_PID" != none ] || return 1',
    to: '[ "$SESSION_PID" != none ] || return 0',
    red: ['host/program/guard.test.ts', 'waits for a go where the session has no sshd'],
  },
  {
    name: 'does-not-have-its-guard-started-again-by-systemd',
    file: 'host/arm.sh',
    from: '-p Restart=always',
    to: '-p Restart=no',
    red: ['faults/guard-killed.test.ts', '(sys) goes on by its state at each step on the way to confirmed'],
  },
  {
    name: 'does-not-have-its-guard-started-again-without-systemd',
    file: 'host/arm.sh',
    from: 'until /bin/sh "$@"; do sleep 0.2; done',
    to: '/bin/sh "$@"',
    red: ['host/program/guard-killed.test.ts', 'alone is started again by its keeper, also without systemd'],
  },
  {
    name: 'starts-its-guard-without-systemd-where-that-is',
    file: 'host/arm.sh',
    from: '  if has_systemd; then\n    said=$(systemd-run',
    to: '  if false; then\n    said=$(systemd-run',
    red: ['faults/guard-killed.test.ts', 'is not armed at all where systemd does not start it'],
  },
]
