# shellcheck shell=sh
# block: this host blocks what the order says and what it was told before, for as long as that is to hold.
# Standard input is a bundle of allow, even and map; behind it comes the word that the hook waits for.

verb_block() { # NOW FLAGS HASH_OF_THE_MAP [SECONDS_TO_SEND]
  NOW=$1 FLAGS=,${2:-}, ordered=${3:-}
  find_client
  # It has a trap of its own, and who began this waits with another one.
  case $FLAGS in *,dry,*) (tell_dry); exit "$?" ;; esac
  find_tools
  begin_work
  block_alone "${4:-}" 9<>"$LOCK"
}

# find_client: sets `client` to where this session comes from.
find_client() {
  client=${SSH%% *}
  client=${client#::ffff:} client=${client%%%*}
}

# `hash` looks for all of them in a third of the time, and remembers where they are.
find_tools() {
  lacks=
  # shellcheck disable=SC2086
  hash $BLOCK_NEEDS 2>/dev/null || lacking $BLOCK_NEEDS
  if has_systemd; then have systemd-run || lacks="$lacks systemd-run"; else have setsid || lacks="$lacks setsid"; fi
  [ -z "$lacks" ] || stop "$EXIT_REFUSED" lacks "$lacks"
  find_apart
  [ -z "$apart" ] || stop "$EXIT_REFUSED" apart "$apart"
}

BLOCK_NEEDS='awk cat dd flock grep head ipset iptables-restore iptables-save ip6tables-restore ip6tables-save mkdir mv rm sha256sum sleep sync timeout'

begin_work() {
  [ -d "$WORK" ] || mkdir -p "$WORK" 2>/dev/null || stop "$EXIT_STORAGE" storage /run
  { printf '' >>"$LOCK"; } 2>/dev/null || stop "$EXIT_STORAGE" storage /run
}

block_alone() { # SECONDS_TO_SEND, or nothing
  flock -w 20 9 || stop "$EXIT_BUSY" busy block
  settle_pending
  find_map
  kept=$map alone=''
  # No rule changes with what is in a set. While a long order comes others may change them.
  [ -n "$1" ] || ! read_rules || ruled=yes
  # A controller that is gone without a word must not keep the next one out for hours.
  read_order "$1" || { drop_filled; stop "$EXIT_REFUSED" order; }
  # Sets that were made from less than what was said before would let in what they kept out.
  case $FLAGS in *,part,*) { [ -n "$kept" ] && [ "$damaged" -eq 0 ]; } || stop "$EXIT_CHANGED" part ;; esac
  [ "$refusals" -eq 0 ] || [ "$words" -gt 0 ] || [ "$entries" -gt 0 ] || refuse_all
  enforce
  [ "$refusals" -gt 0 ] || piece protected
  if store; then persist; else persisted=no why=storage; fi
  # It is in force, and kept, before time is spent on this.
  case $FLAGS in *,kill,*) kill_connections ;; esac
  tell_block
}

refuse_all() {
  tell_refused
  stop "$EXIT_REFUSED" protected
}

# enforce: sets and hook, read back.
enforce() {
  did=stood made=stood
  if [ -z "$kept" ] || [ "$changes" -gt 5000 ] || ! change_sets; then rebuild; elif [ "$((words + dropped))" -gt 0 ]; then did=changed; fi
  case $did,$hook in
    # Sets that were just made whole are read back with the place, once that is made.
    rebuilt,missing | rebuilt,wrong) ;;
    *) see_sets ;;
  esac
  [ "$hook" != stands ] || return 0
  guard_hook
  made=made
  look
  [ "$hook$sets" = standsright ] || stop "$EXIT_UNLOADABLE" hook "$(head -c 1000 "$WORK/error")"
}

see_sets() {
  hold_few || look
  [ "$sets" = right ] || { rebuild; look; }
  [ "$sets" = right ] || stop "$EXIT_UNLOADABLE" sets "$(head -c 1000 "$WORK/error")"
}

rebuild() {
  did=rebuilt
  rebuild_sets || stop "$EXIT_UNLOADABLE" sets "$(head -c 1000 "$WORK/error")"
}

look() {
  { read_rules && judge; } || stop "$EXIT_UNLOADABLE" cannot-read-rules "$(head -c 1000 "$WORK/error")"
  [ "$counted" = "$lines" ] || stop "$EXIT_STORAGE" storage "$WORK"
  [ "$hook" != unreadable ] || stop "$EXIT_REFUSED" cannot-read-rules
}

tell_block() {
  if [ "$as_ordered" = 1 ] && [ -n "$ordered" ]; then hash=$ordered; else hash_of "$WORK/map"; fi
  tell_refused
  code=0
  [ "$persisted" = yes ] || code=$EXIT_NOT_PERSISTED
  # For who began this.
  case ${FLEET_TOLD:-} in none) FLEET_TOLD=$code last="@@$MARK code $code$NEWLINE" ;; esac
  tell_facts "$made" "$did" "$words" "$WORK/told"
  exit "$code"
}

tell_refused() {
  [ "$refusals" -gt 0 ] || return 0
  piece refused
  cat "$WORK/refused"
}
