# shellcheck shell=sh
# What stands on this host by its own map: read at a boot, once a day, and for who asks.

# find_now: sets NOW to the controller's time, as well as this host knows it. A clock that went backwards is no younger
# than the map; what it was ahead by when the map was written it is still ahead by, as far as anybody knows.
find_now() {
  header='' S=0 T=0
  find_map
  { read -r header <"$map"; } 2>/dev/null
  # shellcheck disable=SC2086
  set -- $header
  case ${3:-} in skew=*[0-9]) S=${3#skew=} ;; esac
  case ${4:-} in saved=*[0-9]) T=${4#saved=} ;; esac
  clock=$(date +%s)
  [ "$clock" -ge "$T" ] || clock=$T
  NOW=$((clock - S))
}

# read_own: the map as the order that comes from nobody. Where a boot is tried for the sake of other rules, the sets and
# the place are enough: what is in them was tried when it came.
read_own() {
  alone=yes own=$BLOCKS
  find_map
  kept=$map
  [ -z "${FLEET_REHEARSAL:-}" ] || kept='' own=/nowhere
  { piece allow; recite_allow "$own/allow"; piece end; } >"$WORK/own" && read_order <"$WORK/own"
}

# Mostly a few: a shell has read them before another program has begun.
recite_allow() {
  [ -s "$1" ] || return 0
  while read -r network; do echo "$network"; done <"$1"
}

# look_at: what stands, whatever it is.
look_at() {
  save_all | ipset restore >"$WORK/saved" 2>/dev/null
  read_rules && judge
}

verb_block_check() { # NOW [brief]
  NOW=$1 client=
  WORK=/run/fleet/check.$$
  mkdir -p "$WORK" 2>/dev/null || stop "$EXIT_STORAGE" storage /run
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  # shellcheck disable=SC2086
  lacking $BLOCK_NEEDS
  read_feeds_header
  if [ "${2:-}" = brief ] && [ -s "$COUNTS" ]; then tell_brief; else tell_standing; fi
  exit 0
}

# What the last long order left in the sets, until there is another one.
COUNTS=/run/fleet/block/counts

# tell_brief: whether place and sets stand, where the map is long: for who sent it just now, over another login.
tell_brief() {
  by_counts=yes
  { cat "$COUNTS" >"$WORK/counts" && read_rules && judge; } || stop "$EXIT_UNLOADABLE" cannot-read-rules "$(head -c 1000 "$WORK/error")"
  hash='' entries=0 skew=0 persisted=no
  tell_facts "$hook" "$sets" 0
}

# tell_standing: the facts of a host that nothing is asked of.
tell_standing() { # [LACKED MORE_FACTS]
  read_own || stop "$EXIT_STORAGE" storage "$WORK"
  hook=missing sets=wrong
  [ -n "$lacks" ] || look_at || stop "$EXIT_UNLOADABLE" cannot-read-rules "$(head -c 1000 "$WORK/error")"
  hash_of "$WORK/map"
  [ -n "${persisted:-}" ] || { persisted=no; ! is_persistent || persisted=yes; }
  skew=$old_skew
  tell_facts "$hook" "$sets" "${1:-0}" "${2:-}"
}

# tell_facts HOOK SETS LACKED [FILE_OF_MORE]: in one piece, since each is a packet, and the end of the answer.
tell_facts() {
  more=
  [ -z "${why:-}" ] || more="why=$why$NEWLINE"
  [ "${had:-none}" = none ] || more="${more}feeds=$had_at $had$NEWLINE"
  [ -z "$client" ] || more="${more}client=$client$NEWLINE"
  [ -z "${killed:-}" ] || more="${more}killed=$killed$NEWLINE"
  [ ! -s "${4:-}" ] || more="$more$(cat "$4")$NEWLINE"
  printf '@@%s blocked\nhash=%s\nhook=%s\nentries=%s\nlacked=%s\nsets=%s\nskew=%s\npersisted=%s\n%s@@%s end\n%s' \
    "$MARK" "$hash" "$1" "$entries" "$3" "$2" "$skew" "$persisted" "$more" "$MARK" "${last:-}"
}
