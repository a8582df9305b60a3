# shellcheck shell=sh
# What boots, and its rehearsal. netfilter-persistent runs the plugins 12-fleet and 30-fleet, which run these
# verbs out of GENERATIONS/program.sh; it exits 0 whatever failed, so only a comparison says what was loaded.

# Before the rules: the sets that they refer to, made aside and swapped in, with what is left of their time.
verb_boot_sets() {
  [ -s "$GENERATIONS/current/ipsets" ] || return 0
  ipset restore -exist <"$GENERATIONS/current/ipsets"
}

# After the rules: they are the confirmed ones, or the generation's own files are loaded once more, or it is loud.
verb_boot_rules() {
  [ -L "$GENERATIONS/current" ] && [ "$(generation_now)" -gt 0 ] || return 0
  loaded "$GENERATIONS/current" && return 0
  verb_boot_sets
  for family in 4 6; do load "$family" "$GENERATIONS/current/rules.v$family"; done
  loaded "$GENERATIONS/current" && return 0
  message="fleet: the rules loaded at boot are not those of $(readlink "$GENERATIONS/current")"
  echo "$message" >&2
  { echo "<2>$message" >/dev/kmsg; } 2>/dev/null
  return 1
}

loaded() { is 4 "$1/rules.v4" /dev/null && is 6 "$1/rules.v6" /dev/null; }

# rehearse-boot DIR, inside a scratch namespace: what this host would load if it booted now is what is owned live.
verb_rehearse_boot() {
  scratch=$1
  netfilter-persistent start >/dev/null 2>&1
  loaded "$GENERATIONS/current" && same_members "$GENERATIONS/current/ipsets"
}

same_members() {
  [ -s "$1" ] || return 0
  sed -n 's/^add \([^ ]*\) \([^ ]*\).*/\1 \2/p' "$1" | sort >"$scratch/members.want"
  ipset save | sed -n 's/^add \([^ ]*\) \([^ ]*\).*/\1 \2/p' | sort >"$scratch/members.live"
  cmp -s "$scratch/members.want" "$scratch/members.live"
}

boot_rehearsed() {
  scratch=$(mktemp -d "$RUN/boot.XXXXXX") || return 1
  in_scratch rehearse-boot "$scratch" >/dev/null 2>&1
  rehearsed=$?
  rm -rf "$scratch"
  return "$rehearsed"
}
