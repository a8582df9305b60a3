# shellcheck shell=sh
# Generations: GENERATIONS/gen-000042/{rules.v4,rules.v6,ipsets,meta.json}, `current` a link to one of them, and
# /etc/iptables/rules.v4 and rules.v6 links through it. One rename commits all files at once.

generation_now() {
  at=$(readlink "$GENERATIONS/current" 2>/dev/null) || { echo 0; return; }
  at=${at##*gen-}
  at=${at#"${at%%[!0]*}"}
  echo "${at:-0}"
}

generation_name() { printf 'gen-%06d' "$1"; }

# meta_of DIR KEY: a value of meta.json, which has one `"key": "value",` a line.
meta_of() {
  sed -n "s/^ *\"$2\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" "$1/meta.json" 2>/dev/null
}

# A generation whose files are what meta.json says they are.
whole() {
  [ -r "$1/meta.json" ] || return 1
  (cd "$1" && sed -n 's/^ *"\([a-z0-9.]*\).sha256": "\([0-9a-f]*\)",\{0,1\}$/\2  \1/p' meta.json | sha256sum -c >/dev/null 2>&1)
}

linked() {
  for rules in rules.v4 rules.v6; do
    [ "$(readlink "$ETC/$rules" 2>/dev/null)" = "fleet/current/$rules" ] || return 1
  done
}

unit_enabled() {
  [ -d /run/systemd/system ] || return 0
  for link in /etc/systemd/system/*.wants/netfilter-persistent.service; do [ -e "$link" ] && return 0; done
  return 1
}

plugins_current() {
  [ -x "$PLUGINS/12-fleet" ] && [ -x "$PLUGINS/30-fleet" ] && cmp -s "$PROGRAM" "$GENERATIONS/program.sh"
}

# stage DIR: the next generation, complete on its own file system before anything changes.
stage() {
  mkdir -p "$GENERATIONS" && rm -rf "$GENERATIONS/staged" && mkdir "$GENERATIONS/staged" || return 1
  for pair in want.4:rules.v4 want.6:rules.v6 sets:ipsets meta.json:meta.json; do
    cp "$1/${pair%%:*}" "$GENERATIONS/staged/${pair#*:}" || return 1
  done
  ln -s "$(generation_name "$2")" "$GENERATIONS/staged/link" && ln -s fleet/current/rules.v4 "$GENERATIONS/staged/link.v4" &&
    ln -s fleet/current/rules.v6 "$GENERATIONS/staged/link.v6" || return 1
  cmp -s "$PROGRAM" "$GENERATIONS/program.sh" || cp "$PROGRAM" "$GENERATIONS/staged/program.sh" || return 1
  whole "$GENERATIONS/staged" && sync "$GENERATIONS"/staged/[rim]* "$GENERATIONS/staged"
}

# adopt: what boots now becomes generation 0, and the two files become links to it: the same content at every step.
adopt() {
  if [ ! -L "$GENERATIONS/current" ]; then
    old=$GENERATIONS/gen-000000
    rm -rf "$old" && mkdir "$old" || return 1
    for rules in rules.v4 rules.v6; do
      [ ! -e "$ETC/$rules" ] || cp -p "$ETC/$rules" "$old/$rules" || return 1
    done
    sync "$old"/* "$old" 2>/dev/null
    ln -s gen-000000 "$GENERATIONS/current.first" && mv -T "$GENERATIONS/current.first" "$GENERATIONS/current" || return 1
  fi
  for family in 4 6; do
    [ "$(readlink "$ETC/rules.v$family")" = "fleet/current/rules.v$family" ] && continue
    mv "$GENERATIONS/staged/link.v$family" "$ETC/rules.v$family" || return 1
  done
  sync "$ETC" "$GENERATIONS"
}

# persist NUMBER: from staged to booting. Safe to run again after a death at any line of it.
persist() {
  name=$(generation_name "$1")
  if [ -d "$GENERATIONS/staged" ]; then
    adopt && install_plugins || return 1
    rm -rf "${GENERATIONS:?}/$name.broken"
    [ ! -d "$GENERATIONS/$name" ] || mv "$GENERATIONS/$name" "$GENERATIONS/$name.broken" || return 1
    mv "$GENERATIONS/staged" "$GENERATIONS/$name" && sync "$GENERATIONS" || return 1
  fi
  if [ -L "$GENERATIONS/$name/link" ]; then
    mv -T "$GENERATIONS/$name/link" "$GENERATIONS/current" && sync "$GENERATIONS" || return 1
  fi
  rm -f "$GENERATIONS/$name"/link.v? "$GENERATIONS/$name/program.sh"
  [ "$(generation_now)" -eq "$1" ] && whole "$GENERATIONS/current" && linked
}

install_plugins() {
  [ -d "$PLUGINS" ] || return 1
  if [ -e "$GENERATIONS/staged/program.sh" ]; then
    sync "$GENERATIONS/staged/program.sh" && mv "$GENERATIONS/staged/program.sh" "$GENERATIONS/program.sh" || return 1
  fi
  plugin 12-fleet boot-sets && plugin 30-fleet boot-rules
}

plugin() {
  [ -x "$PLUGINS/$1" ] && return
  printf '#!/bin/sh\n# Made by fleet: see docs/guard.md there.\n[ "${1:-}" = start ] || exit 0\nexec /bin/sh %s/program.sh "" %s\n' "$GENERATIONS" "$2" >"$PLUGINS/$1.new" &&
    chmod 755 "$PLUGINS/$1.new" && sync "$PLUGINS/$1.new" && mv "$PLUGINS/$1.new" "$PLUGINS/$1"
}

# The last ten stay, and what was there before fleet.
prune_generations() {
  for dir in "$GENERATIONS"/gen-*; do
    at=${dir##*gen-}
    at=${at%%.*}
    at=${at#"${at%%[!0]*}"}
    [ "${at:-0}" -eq 0 ] || [ "${at:-0}" -gt $(($1 - 10)) ] && [ "$dir" = "${dir%.broken}" ] || rm -rf "$dir"
  done
}
