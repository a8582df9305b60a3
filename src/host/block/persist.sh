# shellcheck shell=sh
# What makes a block outlive a boot. netfilter-persistent runs the plugins 11-fleet-block, before the rules, so that a
# saved ruleset which refers to the sets loads, and 40-fleet-block, after them. A timer of systemd runs the same once a
# day: the kernel knows no longer timeout than 25 days, and what is over leaves the file.

UNITS=/etc/systemd/system
TIMER_LINK=$UNITS/timers.target.wants/fleet-block.timer

# persist: sets `persisted`, and `why` where it isn't. All of it was tried once: that is what `rehearsed` says.
persist() {
  persisted=no why=
  if ! has_map; then why=storage; return; fi
  if ! { is_persistent && is_of_this_program; }; then
    lacking netfilter-persistent run-parts unshare chmod
    if [ -n "$lacks" ] || [ ! -d "$PLUGINS" ]; then why=packages; return; fi
    { is_of_this_program && plugins_stand; } || install_plugins || { why=storage; return; }
    rehearse_boot || { rm -f "$BLOCKS/rehearsed"; why=rehearsal; return; }
    load_at_boot || return
    { echo "${PROGRAM##*/}" >"$BLOCKS/rehearsed" && sync "$BLOCKS"; } 2>/dev/null || { why=storage; return; }
  fi
  persisted=yes
}

is_persistent() {
  [ -e "$BLOCKS/rehearsed" ] && plugins_stand && unit_enabled && { ! has_systemd || [ -e "$TIMER_LINK" ]; }
}

# Another one would boot its own chain, which the next contact would have to make anew.
is_of_this_program() {
  by=
  { read -r by <"$BLOCKS/rehearsed"; } 2>/dev/null
  [ "$by" = "${PROGRAM##*/}" ]
}

plugins_stand() { [ -x "$PLUGINS/11-fleet-block" ] && [ -x "$PLUGINS/40-fleet-block" ] && [ -s "$BLOCKS/program.sh" ]; }

# The program goes first: a plugin never runs without it.
install_plugins() {
  dd if="$PROGRAM" of="$BLOCKS/program.sh.new" bs=64k conv=fsync 2>/dev/null && mv -T "$BLOCKS/program.sh.new" "$BLOCKS/program.sh" || return 1
  keep_plugins "$PLUGINS/11-fleet-block" "$PLUGINS/40-fleet-block" || return 1
  drop_other_programs
  sync "$PLUGINS" "$BLOCKS" 2>/dev/null
}

# A name with a dot is no plugin.
keep_plugins() {
  for plugin; do
    { printf '#!/bin/sh\n# Made by fleet; its docs/blocking.md says what for.\nexec /bin/sh %s "" "boot-%s" "$@"\n' "$BLOCKS/program.sh" "${plugin##*/}" >"$plugin.new"; } 2>/dev/null || return 1
  done
  { chmod 755 "$1.new" "$2.new" && sync "$1.new" "$2.new" && mv -T "$1.new" "$1" && mv -T "$2.new" "$2"; } 2>/dev/null
}

# Those of other versions, which take memory.
drop_other_programs() {
  for other in /run/fleet/host-*.sh; do [ "${other##*/}" = "${PROGRAM##*/}" ] || rm -f "$other"; done
}

# keep_text PATH MODE, a text on standard input. A name with a dot is no unit.
keep_text() {
  cat >"$1.new" 2>/dev/null && chmod "$2" "$1.new" && sync "$1.new" 2>/dev/null && mv -T "$1.new" "$1" 2>/dev/null
}

# load_at_boot: what boots loads them. Files of rules that no boot loaded before must not be loaded by one now.
load_at_boot() {
  unmask || { why=packages; return 1; }
  if ! unit_enabled; then
    if is_masked; then why=masked; return 1; fi
    if has_stale_rules; then why=stale-rules; return 1; fi
    enable_unit || { why=not-enabled; return 1; }
  fi
  ! has_systemd || [ -e "$TIMER_LINK" ] || start_timer || { why=timer; return 1; }
}

has_stale_rules() {
  for rules in rules.v4 rules.v6; do
    [ -s "$ETC/$rules" ] && [ "$(readlink "$ETC/$rules")" != "fleet/current/$rules" ] && return 0
  done
  return 1
}

start_timer() {
  write_service && write_timer || return 1
  systemctl daemon-reload && systemctl --quiet enable --now fleet-block.timer 2>/dev/null && sync "$UNITS" "$UNITS/timers.target.wants"
}

write_service() {
  keep_text "$UNITS/fleet-block.service" 644 <<UNIT
[Unit]
Description=Keep the addresses blocked that fleet was told to block
[Service]
Type=oneshot
ExecStart=/bin/sh $BLOCKS/program.sh "" block-refresh
UNIT
}

write_timer() {
  keep_text "$UNITS/fleet-block.timer" 644 <<UNIT
[Unit]
Description=Keep the addresses blocked that fleet was told to block, daily
[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true
[Install]
WantedBy=timers.target
UNIT
}

# rehearse_boot: a boot of just this host, tried in a network namespace of its own.
rehearse_boot() {
  [ ! -e "$WORK/boot" ] || rm -rf "${WORK:?}/boot"
  mkdir "$WORK/boot" && in_scratch rehearse-blocks "$WORK/boot" >"$WORK/error" 2>&1
}

verb_rehearse_blocks() { # DIR
  said=$(netfilter-persistent start 2>&1)
  WORK=$1 client=
  find_now
  read_own && look_at && [ "$hook$sets" = standsright ] && return
  printf 'a boot would block something else: %s\n' "$said"
  return 1
}

verb_block_persist() { # NOW
  NOW=$1 client=
  find_tools
  begin_work
  persist_alone 9<>"$LOCK"
}

persist_alone() {
  flock -w 20 9 || stop "$EXIT_BUSY" busy block
  persist
  tell_standing
  [ "$persisted" = yes ] || exit "$EXIT_NOT_PERSISTED"
  exit 0
}
