# shellcheck shell=sh
# What a boot runs, and the timer. Nobody is there to be heard, and what comes is what stood before.

boot_work() {
  # Others load their rules just now.
  WORK=/run/fleet/block-boot.$$ client='' PATIENCE=60
  mkdir -p "$WORK" 2>/dev/null || return 1
  trap 'rm -rf "$WORK"' EXIT
  find_now
  read_own
}

# Before the rules: all sets are there, and full.
verb_boot_11_fleet_block() { # start|save|flush
  [ "${1:-}" = start ] && has_map || return 0
  { boot_work && rebuild_sets && restore_feeds; } || loud "fleet: the sets of blocked addresses could not be made: $(head -c 300 "$WORK/error" 2>/dev/null)"
}

# After the rules, which may have taken the place, or emptied the table.
verb_boot_40_fleet_block() { # start|save|flush
  [ "${1:-}" = start ] && has_map || return 0
  { boot_work && put_right; } || loud "fleet: what was blocked is not blocked since this boot: $(head -c 300 "$WORK/error" 2>/dev/null)"
}

put_right() {
  look_at || return 1
  [ "$sets" = right ] || rebuild_sets || return 1
  [ "$hook" = stands ] || load_hook || return 1
  restore_feeds || return 1
  look_at && [ "$hook$sets" = standsright ]
}

loud() {
  echo "$1" >&2
  { echo "<2>$1" >/dev/kmsg; } 2>/dev/null
  return 1
}

# Once a day: long entries get the rest of their time, and what is over leaves the file.
verb_block_refresh() {
  client=
  begin_work
  refresh_alone 9<>"$LOCK"
}

refresh_alone() {
  flock -w 20 9 || stop "$EXIT_BUSY" busy block
  has_map || exit 0
  find_now
  { read_own && put_right; } || { loud "fleet: what was blocked is not blocked any more: $(head -c 300 "$WORK/error" 2>/dev/null)"; exit "$EXIT_UNLOADABLE"; }
  allows=0 words=0
  store || exit "$EXIT_STORAGE"
}
