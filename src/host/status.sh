# shellcheck shell=sh
# report: what stands on this host of fleet's, in few spawns; nothing is written, nor is anything needed that a host
# which fleet never touched may lack. It doesn't need the program to be stored either.

verb_report() { # [NONCE]
  lacking awk flock ls sha256sum
  [ -z "$lacks" ] || stop "$EXIT_REFUSED" lacks "$lacks"
  which_boot
  piece facts
  printf 'boot_id=%s\n' "$boot"
  tell_uptime
  if is_touched; then echo touched=yes; else echo touched=no; fi
  tell_blocks
  report_generation
  report_last
  report_lock
  [ -z "${1:-}" ] || report_in_force "$1"
  piece end
}

# is_touched: a change was once handed to this host, whatever came of it. Blocks are none.
is_touched() {
  for trace in "$GENERATIONS"/* "$GENERATIONS/current" "$GENERATIONS_GONE" "$PLUGINS/12-fleet" "$PLUGINS/30-fleet" "$VAR/masked" "$VAR/txn"/*; do
    [ "$trace" = "$BLOCKS" ] || { [ ! -e "$trace" ] && [ ! -L "$trace" ]; } || return 0
  done
  return 1
}

# tell_blocks: what a host is told to block, by the hash of its map and of its feeds, and whether a boot would do so.
# Where the chain stands is in its live rules.
tell_blocks() {
  find_map
  [ -n "$map" ] || return 0
  sum=$({ read -r _; sha256sum; } 2>/dev/null <"$map")
  piece blocks
  printf 'hash=%s\n' "${sum%% *}"
  ! { read -r _ _ since list <"$BLOCKS/feeds"; } 2>/dev/null || printf 'feeds=%s %s\n' "$since" "$list"
  if [ -e "$BLOCKS/rehearsed" ] && [ -x "$PLUGINS/11-fleet-block" ] && [ -x "$PLUGINS/40-fleet-block" ] && unit_enabled; then
    echo persisted=yes
  fi
}

report_generation() {
  read_links
  [ "$generation" -gt 0 ] || return 0
  piece generation
  printf 'number=%s\nnewest=%s\n' "$generation" "$newest"
  tell_soundness "$GENERATIONS/current"
  piece generation-meta
  recite "$GENERATIONS/current/meta.json"
}

# The transaction that was armed last, of this boot. What is renamed in the folder of an older one, or a clock that is
# set, makes no other the last one.
report_last() {
  newest=0 last=
  for armed in "$RUN/txn"/*/armed; do
    ! { read -r at <"$armed" && [ "$at" -gt "$newest" ]; } 2>/dev/null || newest=$at last=${armed%/armed}
  done
  last=${last##*/}
  see "$last" || return 0
  report_transaction last "$last"
}

report_lock() {
  [ ! -e "$RUN/arming" ] || flock -s -n 6 6<"$RUN/arming" || { piece arming; echo yes; }
  who_owns || return 0
  held_by=$owner
  see "$owner"
  report_transaction guard "$owner"
  if guard_alive "$owner"; then echo alive=yes; else echo alive=no; fi
  ! find_unstored || [ "$unstored" = "$held_by" ] || report_transaction unstored "$unstored"
}

# report_in_force NONCE: whose rules are in force, asked where the host doesn't know the change any more: those of the
# generation that boots, those of before the change. What is of the change's other side is no part of either.
report_in_force() {
  TXN=$VAR/txn/$1 other=
  piece in-force
  if [ -e "$TXN/meta.json" ]; then
    echo armed=yes
    other=$TXN/want
    ! cmp -s "$TXN/meta.json" "$GENERATIONS/current/meta.json" || other=$TXN/now
    ! holds now want || echo before=yes
  fi
  ! loaded "$GENERATIONS/current" "$other" || echo current=yes
}

report_transaction() { # PIECE NONCE, in `state`
  piece "$1"
  recite "$VAR/txn/$2/meta"
  printf 'state=%s\n' "$state"
}

# recite FILE: without a spawn; nothing where it can't be read.
recite() {
  [ -r "$1" ] || return 0
  while IFS= read -r line; do printf '%s\n' "$line"; done <"$1"
}
