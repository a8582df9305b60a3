# shellcheck shell=sh
# What boots, and its rehearsal. netfilter-persistent runs the plugins 12-fleet and 30-fleet, which run these
# verbs out of GENERATIONS/program.sh; it exits 0 whatever failed, so only a comparison says what was loaded.

# Before the rules are loaded: the sets that they refer to. Before they are saved: the links become plain files, or
# the save would be written through them into a generation, which then would not be whole.
verb_boot_12_fleet() { # start|save|flush
  case ${1:-} in
    start) boot_sets ;;
    save) unlink_rules ;;
  esac
}

# After the rules: they are the confirmed ones, or the generation's own files are loaded once more, or it is loud.
verb_boot_30_fleet() { # start|save|flush
  [ "${1:-}" = start ] || return 0
  read_links
  if [ "$generation" -eq 0 ]; then nothing_to_boot || loud "fleet: the generation that is to boot is not to be found"; return; fi
  # A damaged file expects less than it should.
  whole "$GENERATIONS/current" && loaded && return 0
  boot_sets
  for family in 4 6; do load "$family" "$GENERATIONS/current/rules.v$family"; done
  whole "$GENERATIONS/current" && loaded && return 0
  loud "fleet: the rules loaded at boot are not those of generation $generation"
}

loud() {
  echo "$1" >&2
  { echo "<2>$1" >/dev/kmsg; } 2>/dev/null
  return 1
}

# fleet never confirmed anything here, or what stood before it is back.
nothing_to_boot() {
  [ "$(readlink "$GENERATIONS/current")" != gen-000000 ] || ! whole "$GENERATIONS/gen-000000" || return 0
  for rules in rules.v4 rules.v6; do
    [ "$(readlink "$ETC/$rules")" != "fleet/current/$rules" ] || return 1
  done
  for old in "$GENERATIONS"/gen-*; do
    case $old in *"/gen-*" | */gen-000000) ;; *) return 1 ;; esac
  done
}

boot_sets() {
  [ -s "$GENERATIONS/current/ipsets" ] || return 0
  ipset restore -exist <"$GENERATIONS/current/ipsets"
}

loaded() {
  for family in 4 6; do is "$family" "$GENERATIONS/current/rules.v$family" /dev/null || return 1; done
}

unlink_rules() {
  for rules in rules.v4 rules.v6; do
    [ -L "$ETC/$rules" ] || continue
    cp "$ETC/$rules" "$ETC/$rules.plain" && mv -T "$ETC/$rules.plain" "$ETC/$rules" || return 1
  done
}

# rehearse-boot, inside a scratch namespace: what this host would load if it booted now is what is owned live.
verb_rehearse_boot() { # DIR
  said=$(netfilter-persistent start 2>&1)
  loaded && same_members "$GENERATIONS/current/ipsets" && return 0
  printf 'a boot would load something else: %s\n' "$said"
  return 1
}

# Sets are compared by what they hold; what is left of an entry's time is not the same at any two moments.
same_members() { # FILE
  [ -s "$1" ] || return 0
  [ "$(members <"$1")" = "$(ipset save | members)" ]
}

# ipset prints one address without its prefix, however it was written.
members() { sed -n 's/^add \([^ ]*\) \([^ ]*\).*/\1 \2/; t found; d; :found; /:/!s,/32$,,; /:/s,/128$,,; p' | sort; }

boot_rehearsed() { in_scratch rehearse-boot "$TXN_RUN/boot"; }
