import type { Break } from '../break.ts'

/* The guard itself: docs/guard.md, its promises. */

export const GUARD: readonly Break[] = [
  {
    name: 'applies-while-the-arming-session-is-there',
    file: 'host/guard.sh',
    from: 'until session_gone || [ -e "$TXN_RUN/go-said" ]; do',
    to: 'until true; do',
    red: ['host/program/guard.test.ts', 'changes nothing while the session that armed it is there'],
  },
  {
    name: 'applies-after-30-s-whatever-the-session-does',
    file: 'host/guard.sh',
    from: '|| { disarm "$1" session; return 0; }',
    to: '|| true',
    red: ['faults/long/login.test.ts', 'keeps the session that armed a change: nothing is changed, twice'],
  },
  {
    name: 'rolls-back-late',
    file: 'host/guard.sh',
    from: '[ "$left" -gt 0 ] || { take_back "$1" deadline; return 0; }',
    to: '[ "$left" -gt -700 ] || { take_back "$1" deadline; return 0; }',
    red: ['faults/controller-killed.test.ts', '(applied) and the next one says what became of it'],
  },
  {
    name: 'confirms-what-is-being-rolled-back',
    file: 'host/confirm.sh',
    from: '      # A guard that is slow to wake up makes the time no longer.\n',
    to: '      mv "$TXN_RUN/state"/* "$TXN_RUN/state/APPLIED-again"; applied=APPLIED-again deadline=9999999999\n',
    red: ['faults/deadline.test.ts', 'a confirmation at the deadline'],
  },
  {
    name: 'confirms-what-is-being-rolled-back-1000-times',
    file: 'host/confirm.sh',
    from: '      # A guard that is slow to wake up makes the time no longer.\n',
    to: '      mv "$TXN_RUN/state"/* "$TXN_RUN/state/APPLIED-again"; applied=APPLIED-again deadline=9999999999\n',
    red: ['faults/long/deadline.test.ts', 'a confirmation at the deadline'],
  },
  {
    name: 'confirms-after-the-deadline-where-the-guard-sleeps',
    file: 'host/confirm.sh',
    from: '      # A guard that is slow to wake up makes the time no longer.\n',
    to: '      now=0\n',
    red: ['faults/long/clock.test.ts', 'the host, and of all it runs the guard wakes up last'],
  },
  {
    name: 'applies-twice-when-it-is-started-again',
    file: 'host/guard.sh',
    from: 'APPLYING-*) take_back "$state" restarted ;;',
    to: 'APPLYING-*) become "$state" ARMED-999999999999; touch "$TXN_RUN/go-said" ;;',
    red: [
      'host/program/guard-killed.test.ts',
      'in the middle of applying rolls back and never applies twice',
    ],
  },
  {
    name: 'counts-its-deadline-anew-when-it-is-started-again',
    file: 'host/guard.sh',
    from: 'while still "$1"; do\n    tick\n    left=',
    to: 'tick\n  deadline=$((now + T))\n  while still "$1"; do\n    tick\n    left=',
    red: [
      'faults/guard-killed.test.ts',
      '(light) goes on by its state after it applied: seven times with -9 it keeps its deadline',
    ],
  },
  {
    name: 'does-not-hear-that-it-shall-end',
    file: 'host/guard.sh',
    from: "trap 'terminated=yes' TERM",
    to: "trap '' TERM",
    red: [
      'faults/guard-killed.test.ts',
      '(sys) goes on by its state after it applied: told to end seven times it rolls back at once',
    ],
  },
  {
    name: 'does-not-persist-what-a-dead-controller-confirmed',
    file: 'host/guard.sh',
    from: '        finish_persisting "$state" || return 0\n',
    to: '        return 0\n',
    red: ['host/program/guard-killed.test.ts', 'after the confirmation finishes persisting'],
  },
  {
    name: 'believes-a-load-that-says-it-worked',
    file: 'host/guard.sh',
    from: 'if holds want now; then',
    to: 'if true; then',
    red: [
      'faults/families.test.ts',
      '(nft) what does not load, although it did in the rehearsal IPv6 says that it has, and did not',
    ],
  },
  {
    name: 'does-not-undo-what-failed-to-load',
    file: 'host/guard.sh',
    from: '  take_back "APPLYING-$deadline" "$why"\n',
    to: '  become "APPLYING-$deadline" "ROLLED_BACK-$why" && release\n',
    red: [
      'faults/families.test.ts',
      '(nft) what does not load, although it did in the rehearsal the second table of ip6tables does not',
    ],
  },
  {
    name: 'makes-states-instead-of-renaming-them',
    file: 'host/guard.sh',
    from: 'if mv "$TXN_RUN/state/$1" "$TXN_RUN/state/$2" 2>/dev/null;',
    to: 'if { printf "" >"$TXN_RUN/state/$2"; } 2>/dev/null && rm "$TXN_RUN/state/$1";',
    red: ['host/program/storage.test.ts', 'needs no new inode from armed to rolled back'],
  },
  {
    name: 'needs-its-log',
    file: 'host/guard.sh',
    from: '>>"$TXN/log"; } 2>/dev/null\n  return 0',
    to: '>>"$TXN/log"; } 2>/dev/null',
    red: ['host/program/storage.test.ts', 'needs no new inode from armed to rolled back'],
  },
  {
    name: 'leaves-to-the-dead-what-is-asked-of-it',
    file: 'host/confirm.sh',
    from: 'if guard_alive "$NONCE"; then sleep 0.05; else verb_guard "$NONCE" none 0; fi',
    to: 'sleep 0.05',
    red: ['faults/long/guard-gone.test.ts', 'is done for by the fleet that armed it, once that gets through'],
  },
  {
    name: 'confirms-rules-that-somebody-changed',
    file: 'host/confirm.sh',
    from: 'holds want now || differs',
    to: ':',
    red: ['host/program/guard-twice.test.ts', 'does not confirm rules that somebody changed in the window'],
  },
  {
    name: 'blames-others-for-its-own-rollback',
    file: 'host/confirm.sh',
    from: 'still "$applied" || tell_state',
    to: ':',
    red: [
      'host/program/guard-twice.test.ts',
      'does not blame others for what its own rollback changed meanwhile',
    ],
  },
  {
    name: 'says-persisted-of-what-is-only-confirmed',
    file: 'host/confirm.sh',
    from: 'PERSISTED-*) piece persisted;',
    to: 'PERSISTED-* | CONFIRMED-*) piece persisted;',
    red: [
      'faults/storage.test.ts',
      'and was read-only when it was confirmed: says so, and resume finishes it',
    ],
  },
  {
    name: 'leaves-what-somebody-added-to-sets',
    file: 'host/guard.sh',
    from: 'fill_sets() { restore_sets "$TXN/sets" && restore_sets "$TXN/sets.do"; }',
    to: 'fill_sets() { restore_sets "$TXN/sets"; }',
    red: ['host/program/sets.test.ts', 'are told of, and a change puts them right'],
  },
  {
    name: 'goes-back-to-the-whole-save-of-before',
    file: 'host/undo.sh',
    from: 'if [ "$code" -eq 3 ] || others_stand "$1"; then\n    load "$1" "$TXN/undo.$1" -w 1 --noflush >/dev/null',
    to: 'if true; then\n    load "$1" "$TXN/before.$1" -w 1 >/dev/null',
    red: ['faults/long/foreign-programs.test.ts', 'kubernetes keeps its chains, which change in the window'],
  },
]
