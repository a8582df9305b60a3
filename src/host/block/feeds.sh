# shellcheck shell=sh
# feeds: the lists of others, all together, in place of those before. $BLOCKS/feeds is a header `#fleet-feeds 1 AT HASH`
# and the networks, one a line, sorted by bytes; the sets are filled from it beside those in force, and swapped.
# Standard input is a bundle: `list`, whole, or what makes the one with the hash BASE the new one.

verb_feeds() { # MANIFEST_HASH NOW AT HASH BASE SECONDS_TO_SEND
  NOW=$2
  # Of its own: what a long map left in the other is none of its business.
  WORK=/run/fleet/block/feeds lines=0
  find_client
  find_tools
  lacking sort
  [ -z "$lacks" ] || stop "$EXIT_REFUSED" lacks "$lacks"
  begin_work
  feeds_alone "$1" "$3" "$4" "$5" "$6" 9<>"$LOCK"
}

feeds_alone() {
  flock -w 20 9 || stop "$EXIT_BUSY" busy block
  unpack "$WORK" "$1" "$5" || stop "$EXIT_STORAGE" storage "$WORK"
  { read_rules && judge; } || stop "$EXIT_UNLOADABLE" cannot-read-rules "$(head -c 1000 "$WORK/error")"
  # Nothing would look at the sets.
  [ "$hook" = stands ] || stop "$EXIT_REFUSED" no-hook
  read_feeds_header
  if [ "$had" != "$3" ] && [ "$had_at" -gt "$2" ]; then tell_feeds newer "$had"; fi
  if [ "$had" = "$3" ] && feeds_stand "$BLOCKS/feeds"; then tell_feeds stood "$had"; fi
  make_feeds "$2" "$3" "$4"
  fill_feeds "$WORK/feeds" || stop "$EXIT_UNLOADABLE" sets "$(head -c 1000 "$WORK/error")"
  refuse_protected_feeds
  { swap_feeds && feeds_stand "$WORK/feeds"; } || stop "$EXIT_UNLOADABLE" sets "$(head -c 1000 "$WORK/error")"
  if ! { keep_file feeds && sync "$BLOCKS" 2>/dev/null; }; then
    tell_feeds_of changed "$3"
    echo why=storage
    piece end
    exit "$EXIT_NOT_PERSISTED"
  fi
  tell_feeds changed "$3"
}

# tell_feeds DID HASH: the end of it.
tell_feeds() {
  tell_feeds_of "$1" "$2"
  rm -rf "$WORK"
  piece end
  exit 0
}

tell_feeds_of() {
  piece feeds
  printf 'did=%s\nhash=%s\n' "$1" "$2"
}

# read_feeds_header: sets `had` and `had_at` to what is kept here; `none` and 0 where nothing is.
read_feeds_header() {
  had=none had_at=0
  { read -r _ _ had_at had <"$BLOCKS/feeds"; } 2>/dev/null
  case $had_at in '' | *[!0-9]*) had=none had_at=0 ;; esac
}

# make_feeds AT HASH BASE: the new list as it will be kept, in $WORK/feeds. From another list than the one that is here
# no difference leads on: the answer is which one it is.
make_feeds() {
  if [ "$had" = "$2" ]; then
    print_new "$1" "$2" tail -n +2 "$BLOCKS/feeds"
  elif [ "$3" = whole ]; then
    print_new "$1" "$2" cat "$WORK/list"
  elif [ "$3" = "$had" ]; then
    print_new "$1" "$2" change_feeds
  else
    tell_other "$had"
  fi
  hash_of "$WORK/feeds"
  [ "$hash" != "$2" ] || return 0
  [ "$3" != whole ] || stop "$EXIT_STORAGE" storage "$WORK"
  # What is kept here isn't what its header says.
  tell_other none
}

print_new() { # AT HASH COMMAND...
  {
    echo "#fleet-feeds 1 $1 $2"
    shift 2
    "$@"
  } >"$WORK/feeds" 2>/dev/null
}

tell_other() {
  tell_feeds_of other "$1"
  piece end
  exit "$EXIT_CHANGED"
}

# change_feeds: what is kept, without the `-` lines and with the `+` lines. Both are sorted: nothing has to be remembered.
change_feeds() {
  awk -v list="$WORK/list" '
    function next_change() { change = ""; if ((getline line < list) > 0) { sign = substr(line, 1, 1); change = substr(line, 2) } }
    BEGIN { next_change() }
    NR == 1 { next }
    {
      while (change != "" && (change "") < ($0 "")) { if (sign == "+") print change; next_change() }
      if (change != "" && (change "") == ($0 "")) { if (sign == "+") print; next_change() } else print
    }
    END { while (change != "") { if (sign == "+") print change; next_change() } }' "$BLOCKS/feeds"
}

# fill_feeds FILE: the sets beside those in force. What one that died left behind may be made otherwise.
fill_feeds() {
  printf '' >"$WORK/refused"
  print_feeds "$1" | ipset restore 2>"$WORK/error" && return
  drop_new_feeds
  print_feeds "$1" | ipset restore 2>"$WORK/error" && return
  drop_new_feeds
  return 1
}

drop_new_feeds() {
  for family in $families; do ipset destroy "fleet-feeds$family-new" 2>/dev/null; done
}

# A table of the right size from the beginning: the kernel needn't make it anew again and again.
print_feeds() {
  awk -v families="$families" -v refused="$WORK/refused" '
    /^#/ { next }
    NR == FNR { count[/:/ ? 6 : 4]++; next }
    !begun++ { for (family = 4; family <= 6; family += 2) if (families ~ family) begin(family) }
    /^(0|127|22[4-9]|2[3-5][0-9])\.|^169\.254\.|^:|^[fF]|\/[01]$/ { print $0, "reserved", $0 > refused }
    families ~ (/:/ ? 6 : 4) { print "add fleet-feeds" (/:/ ? 6 : 4) "-new", $0 }
    END { if (!begun) for (family = 4; family <= 6; family += 2) if (families ~ family) begin(family) }
    function begin(family,   size) {
      for (size = 1024; size < count[family] / 2; size *= 2);
      print "create fleet-feeds" family "-new hash:net family inet" (family == 6 ? 6 : "") " hashsize " size " maxelem 1048576 -exist"
      print "flush fleet-feeds" family "-new"
    }' "$1" "$1"
}

# refuse_protected_feeds: what this host is, and what it lives by, must not be in them. The kernel knows.
refuse_protected_feeds() {
  awk -v client="$client" "$AWK_NETWORK$AWK_PROTECTED"'
    function allow(network) { return network }
    BEGIN { learn_protected(); for (i = 1; i <= protected_count; i++) if (!index(protected_network[i], "/")) print protected_what[i], protected_network[i] }' \
    >"$WORK/protected" 2>"$WORK/error" || { drop_new_feeds; stop "$EXIT_STORAGE" storage "$WORK"; }
  while read -r what address; do
    case $address in *:*) family=6 ;; *) family=4 ;; esac
    case $families in *"$family"*) ;; *) continue ;; esac
    ! ipset -q test "fleet-feeds$family-new" "$address" || echo "$address $what $address"
  done <"$WORK/protected" >>"$WORK/refused"
  [ -s "$WORK/refused" ] || return 0
  drop_new_feeds
  piece refused
  cat "$WORK/refused"
  stop "$EXIT_REFUSED" protected
}

swap_feeds() {
  for family in $families; do
    printf 'create fleet-feeds%s hash:net family inet%s -exist maxelem 1048576\n' "$family" "${family#4}"
    printf 'swap fleet-feeds%s-new fleet-feeds%s\ndestroy fleet-feeds%s-new\n' "$family" "$family" "$family"
  done | ipset restore 2>"$WORK/error"
}

# feeds_stand FILE: the sets hold exactly what it says.
feeds_stand() {
  live=$(for family in $families; do ipset save "fleet-feeds$family" 2>/dev/null; done | awk '$1 == "add" { print $3 }' | sort | sha256sum)
  case $families in
    *6*) wanted=$(tail -n +2 "$1" | sha256sum) ;;
    *) wanted=$(tail -n +2 "$1" | awk '!/:/' | sha256sum) ;;
  esac
  [ "$live" = "$wanted" ]
}

# restore_feeds: what a boot, and the timer, put right.
restore_feeds() {
  [ -z "${FLEET_REHEARSAL:-}" ] && [ -s "$BLOCKS/feeds" ] || return 0
  feeds_stand "$BLOCKS/feeds" || { fill_feeds "$BLOCKS/feeds" && swap_feeds; }
}
