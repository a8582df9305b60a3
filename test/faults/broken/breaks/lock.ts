import type { Break } from '../break.ts'

/* Who holds the host, and what is confirmed and not on the disk. */

const UNSTORED = 'host/program/unstored.test.ts'
const BLIND = 'host/program/blind.test.ts'
const TWICE = 'host/program/guard-twice.test.ts'

export const LOCK: readonly Break[] = [
  {
    name: 'drops-what-is-not-on-disk-for-the-next-change',
    file: 'host/lock.sh',
    from: 'CONFIRMED-*) stand_aside || stop "$EXIT_STORAGE" storage "$RUN" ;;',
    to: 'CONFIRMED-*) rm -rf "$1" ;;',
    red: [UNSTORED, 'when the next change is refused'],
  },
  {
    name: 'removes-the-staged-files-of-what-is-not-on-disk',
    file: 'host/lock.sh',
    from: ' || [ "$old" = "$GENERATIONS/staged-$owner" ]',
    to: '',
    red: [UNSTORED, 'when the next change is disarmed'],
  },
  {
    name: 'forgets-what-stands-aside',
    file: 'host/lock.sh',
    from: '  [ -L "$held/owner" ] || held=$RUN/unstored\n',
    to: '',
    red: [UNSTORED, 'when the next change is rolled back, also for one that died'],
  },
  {
    name: 'stores-what-stands-aside-beside-the-next-change',
    file: 'host/confirm.sh',
    from: `  is_the_last || { echo 'another change came after this one'; return 1; }\n`,
    to: '',
    red: [UNSTORED, 'and by nobody while the next change is there'],
  },
  {
    name: 'takes-who-died-before-he-began-for-the-next-change',
    file: 'host/confirm.sh',
    from: '{ see "$owner" || rm -rf "$RUN/lock"; }',
    to: 'true',
    red: [UNSTORED, 'and is, where the next one died before it had begun'],
  },
  {
    name: 'plans-without-what-stands-aside',
    file: 'host/lock.sh',
    from: 'for place in lock unstored; do',
    to: 'for place in lock; do',
    red: [UNSTORED, 'is owned by the next plan, whoever holds the host'],
  },
  {
    name: 'keeps-the-first-of-two-that-are-not-on-disk',
    file: 'host/lock.sh',
    from: 'rm -rf "$RUN/unstored" && mv -T "$RUN/lock" "$RUN/unstored"',
    to: '[ -d "$RUN/unstored" ] && rm -rf "$RUN/lock" || mv -T "$RUN/lock" "$RUN/unstored"',
    red: [UNSTORED, 'also over two that can not be stored: the latter one counts'],
  },
  {
    name: 'takes-the-folder-that-changed-last-for-the-last-change',
    file: 'host/status.sh',
    from: `  last=\${last##*/}\n`,
    to: `  last=$(ls -td "$RUN/txn"/*/state | head -n 1) last=\${last%/state} last=\${last##*/}\n`,
    red: [UNSTORED, 'is the one that was armed last, whatever is renamed in the folder of another'],
  },
  {
    name: 'arms-under-a-lock-that-is-gone',
    file: 'host/lock.sh',
    from: 'flock -w 10 8 && [ "$RUN/arming" -ef /proc/self/fd/8 ]',
    to: 'flock -w 10 8',
    red: [TWICE, 'never begins beside another one, where the host was forgotten while it waited'],
  },
  {
    name: 'takes-who-looks-for-a-guard',
    file: 'host/guard.sh',
    from: 'flock -s -n 6 6<"$RUN/txn/$1/alive"',
    to: 'flock -n 6 6<"$RUN/txn/$1/alive"',
    red: [TWICE, 'knows whether a guard lives also while somebody else looks'],
  },
  {
    name: 'keeps-the-host-for-a-change-without-its-description',
    file: 'host/lock.sh',
    from: '[ -n "$owner" ] || { owner=$(readlink',
    to: 'true || { owner=$(readlink',
    red: [BLIND, 'is taken back at its deadline, and lets go of the host'],
  },
  {
    name: 'takes-nothing-back-without-its-description',
    file: 'host/confirm.sh',
    from: 'knows() { { at_transaction "$1" || is_there; } && see "$1"; }',
    to: 'knows() { at_transaction "$1" && see "$1"; }',
    red: [BLIND, 'is taken back from the console'],
  },
  {
    name: 'waits-for-good-without-its-description',
    file: 'host/guard.sh',
    from: 'else disarm "$state" damaged; fi',
    to: 'else return 1; fi',
    red: [BLIND, 'is disarmed where it had not begun'],
  },
  {
    name: 'keeps-every-burnt-nonce',
    file: 'host/arm.sh',
    from: '[ $# -le 24 ] || prune_burnt',
    to: ':',
    red: [TWICE, 'forgets burnt nonces when there are many, but not the last ones'],
  },
  {
    name: 'confirms-whatever-holds-the-host',
    file: 'host/confirm.sh',
    from: '  find_transaction "$1"\n  unfit=\n',
    to: '  who_owns\n  find_transaction "$owner"\n  unfit=\n',
    red: [TWICE, 'confirms by the nonce of the change alone: another one leaves it waiting for its own'],
  },
  {
    name: 'lets-a-full-process-table-end-the-keeper',
    file: 'host/arm.sh',
    from: 'trap "exec /bin/sh -c \\"\\$0\\" \\"\\$0\\" \\"\\$@\\"" EXIT\n',
    to: '',
    red: [
      'host/program/guard-killed.test.ts',
      'is started again once there is room for a process, where its keeper found none',
    ],
    says: /prlimit: invalid PID/,
  },
  {
    name: 'forgets-nothing-where-a-dead-confirm-held-the-host',
    file: 'host/remove.sh',
    from: '    release\n',
    to: '    :\n',
    red: [
      'host/program/removal-killed.test.ts',
      'is forgotten also where who persisted it died before it let go of the host',
    ],
    says: /host-refuses.*busy/,
  },
  {
    name: 'waits-for-the-lock-of-iptables-though-it-is-told-to-end',
    file: 'host/undo.sh',
    from: '*-3 | terminated-1) unlock_xtables ;;',
    to: '*-3) unlock_xtables ;;',
    red: ['faults/long/xtables-lock.test.ts', 'waits for no lock and rolls back'],
  },
  {
    name: 'lets-go-of-the-arming-lock-before-it-has-tidied-up',
    file: 'host/arm.sh',
    from: '(arm_alone "$2" "$1" "$3") 8<>"$RUN/arming"',
    to: 'arm_alone "$2" "$1" "$3" 8<>"$RUN/arming"',
    red: ['host/program/arming.test.ts', 'what a refused change wrote is gone'],
  },
  {
    name: 'takes-a-change-without-a-state-for-none',
    file: 'host/confirm.sh',
    from: 'knows "$1" || burn "$1"',
    to: 'at_transaction "$1" || burn "$1"',
    red: ['host/program/arming.test.ts', 'waits until it has a state'],
  },
  {
    name: 'takes-members-out-of-the-sets-of-others',
    file: 'host/rules.sh',
    from: 'if ($1 != "add" || !($2 in mine)) return 0',
    to: 'if ($1 != "add") return 0',
    red: ['host/program/sets.test.ts', 'are told of, and a change puts them right'],
  },
  {
    name: 'ends-a-rollback-at-the-first-chain-that-stays',
    file: 'host/undo.sh',
    from: '    /^COMMIT/ && close(load) != 0 && last !~ /^-X/ { failed = 1 }\n',
    to: '',
    red: ['host/program/undo.test.ts', 'takes its other chains away'],
  },
]
