import type { Break } from '../break.ts'

/* Taking a change back. */

export const UNDO: readonly Break[] = [
  {
    name: 'believes-its-undo-without-reading-back',
    file: 'host/undo.sh',
    from: 'for family in 4 6; do family_is_back "$family" || done=; done',
    to: 'for family in 4 6; do load "$family" "$TXN/undo.$family" -w 1 --noflush >/dev/null; done',
    red: [
      'faults/xtables-lock.test.ts',
      'a rollback tries again, and goes on with the lock once it is let go of',
    ],
  },
  {
    name: 'rolls-back-one-family-only',
    file: 'host/undo.sh',
    from: 'for family in 4 6; do family_is_back "$family" || done=; done',
    to: 'for family in 4; do family_is_back "$family" || done=; done',
    red: [
      'faults/lockout.test.ts',
      'and are forced, are taken back by the host itself, both families, within its time',
    ],
  },
  {
    name: 'never-takes-a-lock-of-its-own',
    file: 'host/undo.sh',
    from: 'case $1-$tries in *-3 | terminated-1) unlock_xtables ;; esac',
    to: ':',
    red: ['faults/xtables-lock.test.ts', 'a rollback that never gets it goes on with a lock of its own'],
  },
  {
    name: 'knows-no-undo-but-the-precise-one',
    file: 'host/undo.sh',
    from: '| undo_from_live "$TXN/now.$1" "$TXN/want.$1" "$TXN/before.$1" "$emptying" | load_piped "$1"',
    to: '>/dev/null',
    red: ['host/program/guard.test.ts', 'makes an undo from what is live when the precise one fails'],
  },
  {
    name: 'flushes-the-rules-of-others',
    file: 'host/way-back.sh',
    from: 'if (foreigns[place] || !(place in is_user) && !emptying)',
    to: 'if (0)',
    red: ['host/program/guard.test.ts', 'makes an undo from what is live when the precise one fails'],
  },
  {
    name: 'puts-its-rules-behind-those-of-others',
    file: 'host/way-back.sh',
    from: 'stand = ((place, i) in wish) ? wish[place, i] : last',
    to: 'stand = foreigns[place] + 0',
    red: ['host/program/undo.test.ts', "'nft' under 'dash' keeps its lines before a newcomer"],
  },
  {
    name: 'puts-its-rules-before-those-that-they-stood-behind',
    file: 'host/way-back.sh',
    from: 'return stand < floor_of[place, i] ? floor_of[place, i] : stand',
    to: 'return stand',
    red: [
      'host/program/undo.test.ts',
      "'nft' under 'dash' puts its lines where they stood among those of others",
    ],
  },
  {
    name: 'undoes-by-the-numbers-of-before-whoever-came-since',
    file: 'host/undo.sh',
    from: '[ "$code" -eq 3 ] || others_stand "$1"',
    to: 'true',
    red: ['faults/meanwhile.test.ts', 'somebody appends a rule that drops all'],
  },
  {
    name: 'waits-for-the-name-before-it-takes-the-rules-back',
    file: 'host/undo.sh',
    from: '! still "$1" || try_back "$2"',
    to: ':',
    red: ['faults/meanwhile.test.ts', '/run becomes read-only'],
  },
  {
    name: 'ends-where-it-can-not-read-what-it-guards',
    file: 'host/guard.sh',
    from: 'at_transaction "$1" || is_there || return 0',
    to: 'at_transaction "$1" || return 0',
    red: ['faults/meanwhile.test.ts', 'what describes the change is gone'],
  },
  {
    name: 'takes-back-with-whatever-tools-there-are-now',
    file: 'host/guard.sh',
    from: '  pin_tools\n  while',
    to: '  while',
    red: ['faults/meanwhile.test.ts', 'lead elsewhere: the guard takes it back'],
  },
  {
    name: 'confirms-by-tools-that-no-boot-uses',
    file: 'host/confirm.sh',
    from: 'holds want now || differs',
    to: 'pin_tools; holds want now || differs',
    red: ['faults/meanwhile.test.ts', 'lead elsewhere: it is not confirmed'],
  },
  {
    name: 'leaves-its-sets-after-a-rollback',
    file: 'host/undo.sh',
    from: 'drop_sets "$TXN/sets" "$TXN/sets.now"',
    to: ':',
    red: ['host/program/foreign.test.ts', "'nft' under 'dash' keeps what others put in during the window"],
  },
  {
    name: 'keeps-what-it-changed-in-sets-after-a-rollback',
    file: 'host/undo.sh',
    from: '  undo_sets || sets_back=\n',
    to: '',
    red: ['host/program/sets.test.ts', 'are as somebody changed them where the change is taken back'],
  },
  {
    name: 'makes-no-set-anew-that-no-generation-had',
    file: 'host/undo.sh',
    from: 'make_missing "$TXN/sets"; make_missing',
    to: 'make_missing',
    red: ['host/program/sets.test.ts', 'are made anew with what they held'],
  },
  {
    name: 'is-stuck-on-a-set-though-the-rules-are-back',
    file: 'host/undo.sh',
    from: '|| [ "$tries" -ge 4 ]',
    to: '|| false',
    red: ['host/program/sets.test.ts', 'and made otherwise keep no rules from coming back'],
  },
  {
    name: 'destroys-sets-that-were-there-before',
    file: 'host/undo.sh',
    from: ' "$TXN/sets.kept"',
    to: '',
    red: ['host/program/sets.test.ts', 'are made anew with what they held'],
  },
  {
    name: 'takes-rules-back-in-the-middle-of-a-confirm',
    file: 'host/undo.sh',
    from: '  flock -w 20 6 9>&-\n',
    to: '',
    red: [
      'host/program/blind.test.ts',
      'a confirm in the middle of its work and a rollback exclude each other',
    ],
  },
  {
    name: 'confirms-in-the-middle-of-a-rollback',
    file: 'host/confirm.sh',
    from: 'flock 7 && confirm_alone',
    to: 'confirm_alone',
    red: [
      'host/program/blind.test.ts',
      'a confirm in the middle of its work and a rollback exclude each other',
    ],
  },
]
