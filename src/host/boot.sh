# shellcheck shell=sh
# What boots, and its rehearsal. netfilter-persistent runs the plugins 12-fleet and 30-fleet, which run these
# verbs out of GENERATIONS/program.sh; it exits 0 whatever failed, so only a comparison says what was loaded.

# A boot goes on whatever hangs: the network waits for this.
BOOT_LIMIT='timeout -k 5 60'

# Before the rules are loaded: the sets that they refer to. Before they are saved: the links become plain files, or
# the save would be written through them into a generation, which then would not be whole.
verb_boot_12_fleet() { # start|save|flush
  LIMIT=$BOOT_LIMIT
  case ${1:-} in
    start) boot_sets "$GENERATIONS/current" ;;
    save) unlink_rules ;;
  esac
}

# After the rules: they are the confirmed ones, or the generation's own files are loaded once more, or it is loud.
verb_boot_30_fleet() { # start|save|flush
  [ "${1:-}" = start ] || return 0
  LIMIT=$BOOT_LIMIT
  read_links
  if [ "$generation" -eq 0 ]; then nothing_to_boot || loud "fleet: the generation that is to boot is not to be found"; return; fi
  if [ "$last" != "$GENERATIONS/current" ]; then boot_lost; return; fi
  # A damaged file expects less than it should; and what somebody saved may be all of the generation, and more.
  if ! take_saved_back && whole "$last" && loaded "$last"; then newest_is_whole; return; fi
  whole "$last" || find_whole
  boot_again
  [ "$last" = "$GENERATIONS/current" ] && whole "$last" && loaded "$last" && return 0
  loud "fleet: the rules loaded at boot are not those of generation $generation"
}

# Nothing says any more which generation is to boot. The newest was confirmed last, unless a later one is known to be
# gone; and where the files are no links, what they say is in force.
boot_lost() {
  name_generation "$generation"
  [ "$last" != "$GENERATIONS/$name" ] || ! are_links || boot_again
  loud "fleet: the generation that is to boot is not to be found"
}

# Until the next apply each boot says so.
newest_is_whole() {
  [ "$generation" -ge "$newest" ] || whole "$newest_folder" || loud "fleet: generation $generation boots, and generation $newest, which was confirmed after it, is damaged"
}

# find_whole: sets `last` to what is loaded where the generation that boots is damaged. It is put back, from what was kept of
# it or from what its change asked for. Else it is the newest whole one before it: half a generation may lock everybody out.
# That one is current then, or its rules would be taken for those of others. What stood before fleet may be nothing at all,
# and damage lifts no lockdown.
find_whole() {
  name_generation "$generation"
  for copy in "$GENERATIONS"/staged-*/kept "$GENERATIONS"/gen-*/kept; do
    ! is_copy "$copy" || { take_back_loudly "$copy" && return; }
  done
  ! made_again || { take_back_loudly "$GENERATIONS/staged-boot/kept" && return; }
  ! grep -qs '^ *"lockdown":' "$last/meta.json" || return 0
  for folder in "$GENERATIONS"/gen-*; do
    unpad "${folder##*/gen-}"
    if [ "$number" -gt 0 ] && [ "$number" -lt "$generation" ] && [ ! -L "$folder/link" ] && whole "$folder"; then last=$folder; fi
  done
  [ "$last" = "$GENERATIONS/current" ] || [ -n "${FLEET_REHEARSAL:-}" ] || lead_to "${last##*/}"
}

# take_saved_back: what somebody saved in the place of the links, where the power went before the change of that time was
# over: now it is. 1: there was nothing of that kind. As long as somebody holds the host, this is no boot.
take_saved_back() {
  who_owns
  [ -z "$owner" ] || return 1
  name_generation "$generation"
  saved=1
  for change in "$GENERATIONS"/staged-*; do
    [ -L "$change/link" ] || continue
    disk=
    if [ "$linked" = no ] && is_copy "$change/kept"; then saved=0 && take_back_loudly "$change/kept"; fi
    [ "$disk" = -saved-stays ] || mv -T "$change/link" "$change/over"
  done
  return "$saved"
}

# is_copy KEPT: of the generation of that `name`, and whole.
is_copy() {
  of=
  { read -r of <"$1/of"; } 2>/dev/null
  [ "$of" = "$name" ] && whole "$1"
}

# made_again: a copy of the current generation out of the change that brought it, as long as that is one of the last here.
made_again() {
  again=$GENERATIONS/staged-boot/kept
  for change in "$VAR"/txn/*; do
    cmp -s "$change/meta.json" "$GENERATIONS/current/meta.json" || continue
    mkdir -p "$again" && copy_change "$change" "$again" && echo "$name" >"$again/of" && sync "$again"/* && is_copy "$again" && return
  done 2>/dev/null
  return 1
}

# take_back_loudly KEPT: sets `last` to what has its rules now. 1: nothing has.
take_back_loudly() {
  put_disk_back "$1"
  loud "fleet: what was saved over generation $generation is taken back: nobody confirmed it"
  whole "$last" || { ! whole "$1" || last=$1; }
  whole "$last"
}

boot_again() {
  boot_sets "$last"
  mend_sets "$last"
  for family in 4 6; do load "$family" "$last/rules.v$family"; done
}

loud() {
  echo "$1" >&2
  { echo "<2>$1" >/dev/kmsg; } 2>/dev/null
  return 1
}

# fleet never confirmed anything here, or what stood before it is back.
nothing_to_boot() {
  [ "$(readlink "$GENERATIONS/current")" != gen-000000 ] || ! whole "$GENERATIONS/gen-000000" || return 0
  ! are_links || return 1
  for old in "$GENERATIONS"/gen-*; do
    case $old in *"/gen-*" | */gen-000000) ;; *) return 1 ;; esac
  done
}

# are_links: one of the two files of rules, at least, is a link through `current`.
are_links() {
  for rules in rules.v4 rules.v6; do
    [ "$(readlink "$ETC/$rules")" != "fleet/current/$rules" ] || return 0
  done
  return 1
}

boot_sets() { # DIR
  [ -s "$1/ipsets" ] || return 0
  # shellcheck disable=SC2086
  $LIMIT ipset restore -exist <"$1/ipsets"
}

# Of what others loaded before, into a set of the same name, nothing stays.
mend_sets() { # DIR
  [ -s "$1/ipsets" ] || return 0
  # shellcheck disable=SC2086
  $LIMIT ipset save 2>/dev/null | lead_sets "$1/ipsets" | $LIMIT ipset restore -exist
}

loaded() { # DIR [OTHER]
  for family in 4 6; do
    other_rules=/dev/null
    [ -z "${2:-}" ] || other_rules=$2.$family
    is "$family" "$1/rules.v$family" "$other_rules" || return 1
  done
  sets_hold "$1/ipsets"
}

unlink_rules() {
  for rules in rules.v4 rules.v6; do
    [ -L "$ETC/$rules" ] || continue
    # Where there is no room for it: a boot that finds no file loads the generation, one that was cut off would be lost.
    { cp "$ETC/$rules" "$ETC/$rules.plain" && mv -T "$ETC/$rules.plain" "$ETC/$rules"; } || rm -f "$ETC/$rules.plain" "$ETC/$rules"
  done
}

# rehearse-boot, inside a scratch namespace: what this host would load if it booted now is what is owned live.
verb_rehearse_boot() { # DIR
  said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)
  loaded "$GENERATIONS/current" && return 0
  printf 'a boot would load something else: %s\n' "$said"
  return 1
}

boot_rehearsed() { in_scratch rehearse-boot "$TXN_RUN/boot"; }
