import type { Break } from '../break.ts'

/* Emergency blocks on a host: never itself, never half, never gone with a boot, never worse for a death in the middle. */

const KILLED = 'host/block/killed.test.ts'
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
    from: 'covered = covers[key(ranges[i])]\n      return 1',
    to: 'covered = covers[key(ranges[i])]\n      return 0',
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
    name: 'blocks-itself-where-its-address-came-later',
    file: 'host/block/hook.sh',
    from: ' -m addrtype ! --" word[2] "-type LOCAL',
    to: '',
    red: [
      'host/block/packets.test.ts',
      'of its own pass where it gets an address in a network that is blocked already',
    ],
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
    name: 'stands-anywhere-in-raw',
    file: 'host/block/hook.sh',
    from: 'if (first[chain] == 1) { placed++; continue }',
    to: '{ placed++; continue }',
    red: [CHANGED, 'the place: told, and put right by the next one'],
  },
  {
    name: 'does-not-read-its-rules-back',
    file: 'host/block/hook.sh',
    from: 'if (line != rules[++first[chain]]) misplaced = 1',
    to: 'first[chain]++',
    red: [CHANGED, 'the rules: told, and put right by the next one'],
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
    name: 'leaves-a-rebuild-that-died-in-the-way',
    file: 'host/block/sets.sh',
    from: '  drop_new\n  fill_and_swap && return\n  drop_new\n',
    to: '',
    red: [FAULTS, 'take more entries: keeps what it had, and says what ipset says'],
  },
  {
    name: 'keeps-a-hook-that-nobody-answered',
    file: 'host/block/watch.sh',
    from: 'if ! timeout 15 grep -qx yes || !',
    to: 'timeout 15 grep -qx yes; if !',
    red: ['host/block/block.test.ts', 'that nobody answers is taken out again'],
  },
  {
    name: 'watches-for-nobody',
    file: 'host/block/watch.sh',
    from: '      take_out_for_good\n      rm -f "$WORK/out-$1"\n    fi\n    sleep 0.3',
    to: '      rm -f "$WORK/out-$1"\n    fi\n    sleep 0.3',
    red: [KILLED, 'once its place is made and before it is heard: is taken out by who watches'],
  },
  {
    name: 'leaves-to-the-watcher-what-the-next-one-found-right',
    file: 'host/block/watch.sh',
    from: '*pending-*) mv "$old" "$WORK/done-',
    to: '*pending-*) true "$old" "$WORK/done-',
    red: [KILLED, 'and the next one comes at once: it stays'],
  },
  {
    name: 'writes-the-map-in-place',
    file: 'host/block/store.sh',
    from: 'of="$BLOCKS/$1.new" bs=64k conv=fsync 2>/dev/null && mv -T "$BLOCKS/$1.new" "$BLOCKS/$1" 2>/dev/null',
    to: 'of="$BLOCKS/$1" bs=64k conv=fsync 2>/dev/null && sleep 0',
    red: [FAULTS, 'write any more: keeps the map of before whole, and a boot goes by that'],
  },
  {
    name: 'says-it-is-persisted-and-tries-no-boot',
    file: 'host/block/persist.sh',
    from: 'rehearse_boot || { rm -f "$BLOCKS/rehearsed"; why=rehearsal; return; }',
    to: '',
    red: ['host/block/persist.test.ts', 'is said not to be where a boot would not block, and is tried again'],
  },
  {
    name: 'boots-with-the-program-of-an-older-fleet',
    file: 'host/block/persist.sh',
    from: '{ is_persistent && is_of_this_program; }',
    to: 'is_persistent',
    red: ['host/block/persist.test.ts', 'boots with the program of the last fleet that was here'],
  },
  {
    name: 'boots-old-rules-because-of-a-block',
    file: 'host/block/persist.sh',
    from: 'if has_stale_rules; then',
    to: 'if false; then',
    red: [FAULTS, 'are not loaded by one because of a block'],
  },
  {
    name: 'comes-behind-the-rules-that-a-boot-loads',
    file: 'host/block/boot.sh',
    from: '[ "$hook" = stands ] || load_hook || return 1',
    to: '[ "$hook" != missing ] || load_hook || return 1',
    red: [
      'host/block/persist.test.ts',
      'comes back before rules that refer to its sets, and stands before them',
    ],
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
    name: 'leaves-saved-rules-that-load-no-more',
    file: 'host/block/removal.sh',
    from: `  sed '/FLEET-BLOCK/d' "$1" >"$1.new" &&`,
    to: '  return 0; true &&',
    red: ['host/block/persist.test.ts', 'leave nothing'],
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
