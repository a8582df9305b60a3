# shellcheck shell=sh
# The host's own copy of the map, which outlives a reboot: $BLOCKS/map, with a header of what its clock is worth:
# what it is ahead by, when it was written, and when this host began by it.

WORK=/run/fleet/block
LOCK=/run/fleet/block.lock
# Who asks, where somebody does, and how; how long the map is and by what time it is over, where it was read; whether
# its sets were filled meanwhile, and are held against their counts.
client='' FLAGS='' lines=0 THEN='' filled='' by_counts='' ruled=''

# store: what the order came to. 1: it can't be kept.
store() {
  [ -d "$BLOCKS" ] || mkdir -p "$BLOCKS" 2>/dev/null || return 1
  if [ -n "$kept" ] && [ "$((words + dropped + allows))" -eq 0 ] && [ "$skew" = "$old_skew" ]; then return 0; fi
  [ "$allows" -eq 0 ] && [ -e "$BLOCKS/allow" ] || keep_file allow || return 1
  keep_file map || return 1
  sync "$BLOCKS" 2>/dev/null
}

# keep_file NAME: whole, or as it was.
keep_file() {
  dd if="$WORK/$1" of="$BLOCKS/$1.new" bs=64k conv=fsync 2>/dev/null && mv -T "$BLOCKS/$1.new" "$BLOCKS/$1" 2>/dev/null
}

# hash_of FILE: sets `hash` to that of its lines after the header.
hash_of() {
  hash=$({ read -r _; sha256sum; } <"$1" 2>/dev/null)
  hash=${hash%% *}
}
