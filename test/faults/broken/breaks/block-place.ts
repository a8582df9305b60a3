import type { Break } from '../break.ts'

/* Where blocks stand on a host: their place in its rules, its disk and its boots. */

const KILLED = 'host/block/killed.test.ts'
const FAULTS = 'host/block/faults.test.ts'
const CHANGED = 'host/block/changed.test.ts'

export const BLOCK_PLACE: readonly Break[] = [
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
    name: 'writes-over-the-map-in-force',
    file: 'host/block/store.sh',
    from: '[ "$kept" != "$beside" ] || beside=$BLOCKS/map.late',
    to: 'beside=$kept',
    red: [FAULTS, 'write one address more to its end: a boot goes by the map of before'],
  },
  {
    name: 'takes-what-it-reads-for-what-is-on-the-disk',
    file: 'host/block/store.sh',
    from: '[ -n "$kept" ] && [ "$stored" = "$number" ] || stored=\'\'',
    to: 'stored=$number',
    red: [FAULTS, 'say that it was written: writes it again'],
  },
  {
    name: 'tells-of-the-map-of-before',
    file: 'host/unit.sh',
    from: 'if [ "$number" -gt "$latest" ]; then map=$file latest=$number; fi',
    to: 'if [ "$latest" -eq 0 ]; then map=$file latest=$number; fi',
    red: ['host/block/beside.test.ts', 'are told as they are by the last word, whichever file has it'],
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
    says: /netfilter-persistent start: 1/,
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
    says: /netfilter-persistent start: 1/,
  },
  {
    name: 'leaves-saved-rules-that-load-no-more',
    file: 'host/block/removal.sh',
    from: `  sed '/FLEET-BLOCK/d' "$1" >"$1.new" &&`,
    to: '  return 0; true &&',
    red: ['host/block/persist.test.ts', 'leave nothing'],
  },
  {
    name: 'drops-on-the-way-that-was-not-named',
    file: 'host/block/hook.sh',
    from: 'fleet-block-in src,fleet-block-out dst',
    to: 'fleet-block-in dst,fleet-block-out src',
    red: ['host/block/packets.test.ts', 'stop on the one way that is named'],
  },
  {
    name: 'empties-sets-before-it-fills-them',
    file: 'host/block/sets.sh',
    from: 'rebuild_sets() {\n  find_sets\n',
    to: 'rebuild_sets() {\n  find_sets\n  for set in $there; do ipset flush "$set"; done\n',
    red: [
      'host/block/large.test.ts',
      'protects at every moment while it is filled anew, and while it is put right',
    ],
  },
]
