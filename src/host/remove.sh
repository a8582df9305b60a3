# shellcheck shell=sh
# The way out of fleet: what stood before is in force, guarded as any change is, and on disk; then fleet's files go.
#
# 1. What stood before is generation 0: the files that lay there, or none. It is used only if its sums say that it is
#    whole, and as this host's own words for it.
# 2. At every step a boot loads the last confirmed generation or what stood before: one rename of `current` leads from
#    the one to the other, and what follows that only takes the links and fleet's own files out of the way.
# 3. After ARMED no step writes a file: all that will stand there is made before, and renamed.
# 4. The program, the state and the transaction stay until the controller has heard that it is done: forget is its word.

# remember_before DIR: what adopt took is recorded, so that what is missing later is noticed. `enabled` says whether a
# boot loaded the files at all: the package step leaves the unit disabled where it installs it.
remember_before() {
  before_enabled=no
  ! unit_enabled || before_enabled=yes
  printf '' >"$1/ipsets" || return 1
  (cd "$1" && sha256sum ipsets rules.v[46] 2>/dev/null) | awk -v enabled="$before_enabled" '
    BEGIN { print "{\n  \"generation\": 0,\n  \"candidate\": \"before\",\n  \"enabled\": \"" enabled "\"," }
    { printf "%s  \"%s.sha256\": \"%s\"", separator, $2, $1; separator = ",\n" }
    END { print "\n}" }' >"$1/meta.json"
  whole "$1"
}

# read_before: sets `before` to the folder of generation 0 where there is one, `had` to its files, `booted` to no where
# no boot loaded them. 1: it is not to be used, and `wrong` says why. Who stores it is not to be ended by that.
read_before() {
  before=$GENERATIONS/gen-000000 had='' booted=yes
  read_links
  if [ ! -e "$before/meta.json" ]; then
    if [ "$generation" -gt 0 ] || [ -L "$GENERATIONS/current" ]; then wrong='before-missing'; return 1; fi
    before=
    return 0
  fi
  whole "$before" || { wrong='before-damaged'; return 1; }
  ! grep -q '"enabled": "no"' "$before/meta.json" || booted=no
  for rules in rules.v4 rules.v6; do [ ! -f "$before/$rules" ] || had="$had $rules"; done
}

# take_before DIR: the candidate of a removal is what stood before, with the sets that are live to refer to.
take_before() {
  read_before || stop "$EXIT_REFUSED" "$wrong" "$before"
  piece before
  printf 'booted=%s\n' "$booted"
  for rules in $had; do printf 'has=%s\n' "$rules"; done
  [ "$booted" = yes ] || return 0
  for rules in $had; do cp "$before/$rules" "$1/cand.${rules#rules.v}" || stop "$EXIT_STORAGE" storage "$RUN"; done
  [ -z "$had" ] || ipset save >"$1/sets" 2>/dev/null
  return 0
}

# stage_removal: all that unpersist renames.
stage_removal() {
  staged=$GENERATIONS/staged-$NONCE
  read_before || stop "$EXIT_REFUSED" "$wrong" "$before"
  make_folders "$GENERATIONS" || return 1
  drop_staged
  mkdir "$staged" && keep_disk || return 1
  for rules in $had; do
    cp -p "$before/$rules" "$staged/$rules" && cmp -s "$before/$rules" "$staged/$rules" || return 1
  done
  [ -z "$before" ] || ln -s gen-000000 "$staged/link" || return 1
  # What foreign rules and those of before refer to, for the rehearsal.
  timeout -k 5 20 ipset save >"$TXN/sets.live" 2>/dev/null
  return 0
}

# unpersist: from the last generation to what stood before. Safe to run again after a death at any line of it.
unpersist() {
  staged=$GENERATIONS/staged-$NONCE
  read_before || { echo "what stood before fleet is missing or damaged: $before"; return 1; }
  [ "$booted" = yes ] || [ -z "$had" ] || unit_disabled || return 1
  if [ -L "$staged/link" ]; then
    mv -T "$staged/link" "$GENERATIONS/current" && sync "$GENERATIONS" || return 1
  fi
  for rules in rules.v4 rules.v6; do put_back "$rules" || return 1; done
  sync "$ETC" || return 1
  rm -f "$PLUGINS/12-fleet" "$PLUGINS/30-fleet" "$PLUGINS/12-fleet.new" "$PLUGINS/30-fleet.new"
  [ ! -d "$PLUGINS" ] || sync "$PLUGINS"
  [ "$booted" = no ] || [ ! -d "$PLUGINS" ] || in_scratch rehearse-before "$TXN_RUN/boot" "$TXN"
}

# The real file for the link; nothing for the link where there was nothing, and for what `netfilter-persistent save`
# made of it.
put_back() { # rules.v4|rules.v6
  case " $had " in
    *" $1 "*)
      [ ! -e "$staged/$1" ] || mv -T "$staged/$1" "$ETC/$1" || return 1
      [ ! -L "$ETC/$1" ] && cmp -s "$before/$1" "$ETC/$1"
      ;;
    *)
      [ -n "$before" ] || [ "$(readlink "$ETC/$1")" = "fleet/current/$1" ] || return 0
      rm -f "$ETC/$1"
      ;;
  esac
}

# Files that no boot loaded before must not be loaded by one now: not for a moment, so this comes first.
unit_disabled() {
  has_systemd || { has_runlevels && unit_enabled; } || return 0
  switch_unit disable 2>&1 || return 1
  sync_unit 2>/dev/null
  ! unit_enabled
}

# rehearse-before DIR TXN, inside a scratch namespace: a boot loads what is in force now.
verb_rehearse_before() {
  said=$(FLEET_REHEARSAL=rules netfilter-persistent start 2>&1)
  for family in 4 6; do
    is "$family" "$2/want.$family" /dev/null || { printf 'a boot would load something else: %s\n' "$said"; return 1; }
  done
}

# forget NONCE: the controller knows that the removal is done, and nothing of fleet has to answer any more.
verb_forget() {
  make_folders "$RUN" || stop "$EXIT_STORAGE" storage "$RUN"
  { printf '' >>"$RUN/arming"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  forget_alone "$1" 8<>"$RUN/arming"
}

forget_alone() { # NONCE
  alone || stop "$EXIT_BUSY" busy arming
  if at_transaction "$1" && see "$1"; then
    case $REMOVES-$state in yes-PERSISTED-*) ;; *) stop "$EXIT_REFUSED" not-removed "$state" ;; esac
    for file in alive persisting; do flock -w 5 6 6<"$TXN_RUN/$file" || stop "$EXIT_BUSY" busy guard; done
    # Who persisted it may have died before it did so itself.
    supersede
    release
  fi
  ! who_owns || tell_busy "$held"
  read_links
  if [ "$generation" -gt 0 ] || [ "$linked" = yes ]; then stop "$EXIT_REFUSED" not-removed "$generation"; fi
  timeout -k 5 20 ipset list -n 2>/dev/null | grep -E '^fleet[46]-[0-9a-f]+$' | while read -r set; do timeout -k 5 20 ipset destroy "$set" 2>/dev/null; done
  unmask || stop "$EXIT_BUSY" busy packages
  { forget_generations && rm -rf "$GENERATIONS_GONE" "$VAR"; } || stop "$EXIT_STORAGE" storage "$ETC"
  # A block may be at work right now.
  for trace in "$RUN"/* "$RUN"; do
    case $trace in */block | */block.lock | */block-boot.*) ;; "$RUN") rmdir "$RUN" 2>/dev/null ;; *) rm -rf "$trace" || stop "$EXIT_STORAGE" storage "$RUN" ;; esac
  done
  piece forgotten
  piece end
}

# forget_generations: in one step, so that no half of it is taken for the whole later. What is blocked stays blocked:
# beside it the generations go one by one, and what stood before, which is what is in force, last.
forget_generations() {
  [ -e "$GENERATIONS" ] || return 0
  rm -rf "$GENERATIONS_GONE"
  [ -e "$BLOCKS" ] || { mv -T "$GENERATIONS" "$GENERATIONS_GONE"; return; }
  mkdir "$GENERATIONS_GONE" || return 1
  for trace in "$GENERATIONS"/*; do
    case $trace in "$BLOCKS" | */current | */gen-000000) ;; *) mv "$trace" "$GENERATIONS_GONE" || return 1 ;; esac
  done
  rm -f "$GENERATIONS/current" && sync "$GENERATIONS" && rm -rf "$GENERATIONS/gen-000000"
}
