import type { Break } from '../break.ts'

/* Emergency blocks on a host: never itself, what was said and nothing else, never worse for a death in the middle. */

const FAULTS = 'host/block/faults.test.ts'
const CHANGED = 'host/block/changed.test.ts'
const PROTECTED = 'host/block/protected.test.ts'

export const BLOCKS: readonly Break[] = [
  {
    name: 'blocks-where-it-is-asked-from',
    file: 'host/block/protected.sh',
    from: '    protect("client", client)\n',
    to: '',
    red: [PROTECTED, 'is itself and what it lives by, each told; all the others go on'],
  },
  {
    name: 'blocks-what-lies-in-loopback',
    file: 'host/block/protected.sh',
    from: 'covered = ranges[i]; return 1',
    to: 'covered = ranges[i]; return 0',
    red: [PROTECTED, 'is itself and what it lives by, each told; all the others go on'],
  },
  {
    name: 'blocks-itself-where-it-may-be-covered',
    file: 'host/block/protected.sh',
    from: 'if (what == "own") allow(network)',
    to: '',
    red: [PROTECTED, 'may be covered where that is said, and the host itself gets through'],
  },
  {
    name: 'forgets-who-asks',
    file: 'host/block/order.sh',
    from: 'if (client != "") allow(client)',
    to: '',
    red: [
      'host/block/block.test.ts',
      'that comes again changes nothing, and one more address changes just that',
    ],
  },
  {
    name: 'lets-an-older-word-win',
    file: 'host/block/order.sh',
    from: 'return $3 + 0 > old[3] + 0',
    to: 'return 1',
    red: [
      'host/block/block.test.ts',
      'is lifted by a later word alone, and an older copy never brings it back',
    ],
  },
  {
    name: 'takes-any-set-for-its-own',
    file: 'host/block/sets.sh',
    from: '  case $there in *!*)',
    to: '  case $there in nothing)',
    red: [CHANGED, 'a set of another type: refused, and nothing changed'],
  },
  {
    name: 'does-not-mind-what-is-more-in-a-set',
    file: 'host/block/hook.sh',
    from: 'if (!(place in want)) { wrong = 1; next }',
    to: 'if (!(place in want)) next',
    red: [CHANGED, 'one more: told, and put right by the next one'],
  },
  {
    name: 'does-not-mind-what-is-more-in-a-set-of-few',
    file: 'host/block/sets.sh',
    from: 'add,*) take_few "$set,${rest%% *}," "$rest" || return 1 ;;',
    to: 'add,*) take_few "$set,${rest%% *}," "$rest" ;;',
    red: [CHANGED, 'one more: told, and put right by the next one'],
  },
  {
    name: 'does-not-mind-how-long-the-few-last',
    file: 'host/block/sets.sh',
    from: '[ "$time" -gt 0 ] && [ "$live" -gt 0 ] && [ "$((time - live))" -le 60 ] && [ "$((live - time))" -le 60 ] || return 1',
    to: 'true',
    red: [CHANGED, 'a shorter time: told, and put right by the next one'],
  },
  {
    name: 'takes-a-place-for-its-own-that-it-saw-before',
    file: 'host/block/order.sh',
    from: 'if (lines <= 50 && hook == "stands") find_few()',
    to: 'if (lines <= 50) find_few()',
    red: [CHANGED, 'the place: told, and put right by the next one'],
  },
  {
    name: 'does-not-mind-what-a-long-map-lacks',
    file: 'host/block/hook.sh',
    from: 'while (plain != "" && (plain "") < ($3 "")) { miss(plain_time); next_plain() }',
    to: 'while (plain != "" && (plain "") < ($3 "")) next_plain()',
    red: ['host/block/large.test.ts', 'is filled beside what stands, read back, and put right'],
  },
  {
    name: 'takes-what-it-keeps-for-what-it-was-told',
    file: 'host/block/order.sh',
    from: '(lines + 0 == asked + 0 && obeyed + 0 == asked + 0)',
    to: '1',
    red: [
      'host/block/block.test.ts',
      'that comes again changes nothing, and one more address changes just that',
    ],
  },
  {
    name: 'makes-its-sets-from-what-is-new-alone',
    file: 'host/block/block.sh',
    from: '{ [ -n "$kept" ] && [ "$damaged" -eq 0 ]; } || stop "$EXIT_CHANGED" part',
    to: 'true',
    red: ['host/block/part.test.ts', 'does not shrink the sets of a host whose map is gone'],
  },
  {
    name: 'does-not-count-what-is-more-in-a-long-set',
    file: 'host/block/sets.sh',
    from: 'if (told[set] > most[set] || told[set] < most[set] - soon[set]) wrong = 1',
    to: 'if (told[set] < most[set] - soon[set]) wrong = 1',
    red: ['host/block/large.test.ts', 'is counted by who sent it, over another login'],
  },
  {
    name: 'waits-for-good-for-an-order',
    file: 'host/block/block.sh',
    from: 'read_order "$1"',
    to: "read_order ''",
    red: [FAULTS, 'wait for who stops sending an order no longer'],
    says: /block-busy/,
  },
  {
    name: 'says-no-time-to-send-a-long-order-in',
    file: 'host/block.ts',
    from: 'bytes < AT_ONCE',
    to: 'bytes > 0',
    red: ['host/block/large.test.ts', 'that breaks off leaves nothing behind'],
  },
  {
    name: 'waits-for-good-for-lists-of-others',
    file: 'host/block/feeds.sh',
    from: 'unpack "$WORK" "$1" "$5"',
    to: 'unpack "$WORK" "$1"',
    red: [FAULTS, 'wait for who stops sending lists of others no longer'],
    says: /block-busy/,
  },
  {
    name: 'leaves-half-a-fill-behind',
    file: 'host/block/sets.sh',
    from: '[ -z "$filled" ] || drop_new',
    to: 'true',
    red: ['host/block/large.test.ts', 'that breaks off leaves nothing behind'],
  },
  {
    name: 'leaves-a-rebuild-that-died-in-the-way',
    file: 'host/block/sets.sh',
    from: '  drop_new\n  fill_and_swap && return\n  drop_new\n',
    to: '',
    red: [FAULTS, 'take more entries: keeps what it had, and says what ipset says'],
    says: /set with the same name already exists/,
  },
  {
    name: 'counts-by-its-own-clock',
    file: 'host/block/standing.sh',
    from: 'NOW=$((clock - S))',
    to: 'NOW=$clock',
    red: [
      'host/block/persist.test.ts',
      'does not come back once it is over, whatever the clock of the host says',
    ],
  },
  {
    name: 'takes-the-other-of-two-words-at-once',
    file: 'host/block/order.sh',
    from: 'return $2 < old[2]',
    to: 'return $2 > old[2]',
    red: ['host/block/merge.test.ts', 'is the same on a host as here, and after a boot'],
    says: /Property failed/,
  },
  {
    name: 'ends-by-any-clock',
    file: 'host/block/order.sh',
    from: 'then = told_before',
    to: 'then = now',
    red: [
      'host/block/clock.test.ts',
      'ends nothing that still has to stand, and its own in time; and it is told',
    ],
  },
  {
    name: 'gives-up-a-host-whose-lock-is-held',
    file: 'host/block/watch.sh',
    from: "*'xtables lock'*)",
    to: 'nothing)',
    red: [FAULTS, 'are told of who holds the lock of iptables, and it is tried again'],
  },
  {
    name: 'stumbles-over-a-set-of-another-size',
    file: 'host/block/sets.sh',
    from: '!/ maxelem 1048576( |$)/',
    to: '0',
    red: [CHANGED, 'a set for feeds of another size: refused, and nothing changed'],
  },
  {
    name: 'waits-for-nobody',
    file: 'host/block/block.sh',
    from: '  flock -w 20 9 || stop "$EXIT_BUSY" busy block\n  settle_pending',
    to: '  settle_pending',
    red: [FAULTS, 'do not wait for ever'],
  },
]
