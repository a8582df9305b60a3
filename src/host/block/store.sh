# shellcheck shell=sh
# The host's own copy of the map, which outlives a reboot: $BLOCKS/map or $BLOCKS/map.late, whichever has the higher number.
# Its header says that, and what its clock is worth: what it is ahead by, when it was written, and when this host began
# by it.

WORK=/run/fleet/block
LOCK=/run/fleet/block.lock
# Who asks, where somebody does, and how; how long the map is and by what time it is over, where it was read; whether
# its sets were filled meanwhile, and are held against their counts; what stands behind its answer.
client='' FLAGS='' lines=0 THEN='' filled='' by_counts='' ruled='' last=''

# store: what the order came to. 1: it can't be kept.
store() {
  [ -d "$BLOCKS" ] || mkdir -p "$BLOCKS" 2>/dev/null || return 1
  find_stored
  if [ -n "$stored" ] && [ "$((words + dropped + allows))" -eq 0 ] && [ "$skew" = "$old_skew" ]; then return 0; fi
  if goes_beside; then keep_beside; else keep_both; fi || return 1
  { echo "$((number + 1))" >"$WORK/stored"; } 2>/dev/null
  return 0
}

# find_stored: sets `stored` to the number of the map in force, where it is known to be on the disk; to nothing otherwise.
find_stored() {
  stored=
  { read -r stored <"$WORK/stored"; } 2>/dev/null
  [ -n "$kept" ] && [ "$stored" = "$number" ] || stored=''
}

# So many lines are in one block of a disk: all of them are there, or none. What nobody waits for cleans up instead.
ONE_BLOCK=48
goes_beside() {
  [ -n "$stored" ] && [ -z "$alone" ] && [ "$((allows + damaged))" -eq 0 ] && [ "$lines" -le "$ONE_BLOCK" ]
}

# keep_beside: in the file that isn't the one in force, and just as lasting. That costs one process, not three.
keep_beside() {
  beside=$BLOCKS/map
  [ "$kept" != "$beside" ] || beside=$BLOCKS/map.late
  [ -e "$beside" ] && dd if="$WORK/map" of="$beside" bs=64k conv=fsync 2>/dev/null
}

keep_both() {
  [ "$allows" -eq 0 ] && [ -e "$BLOCKS/allow" ] || keep_file allow || return 1
  keep_file map || return 1
  # The place for the next one is to last, too.
  { [ -e "$BLOCKS/map.late" ] || printf '' >"$BLOCKS/map.late"; } 2>/dev/null
  sync "$BLOCKS" 2>/dev/null
}

has_map() { [ -s "$BLOCKS/map" ] || [ -s "$BLOCKS/map.late" ]; }

# keep_file NAME: whole, or as it was.
keep_file() {
  dd if="$WORK/$1" of="$BLOCKS/$1.new" bs=64k conv=fsync 2>/dev/null && mv -T "$BLOCKS/$1.new" "$BLOCKS/$1" 2>/dev/null
}

# hash_of FILE: sets `hash` to that of its lines after the header.
hash_of() {
  hash=$({ read -r _; sha256sum; } <"$1" 2>/dev/null)
  hash=${hash%% *}
}
