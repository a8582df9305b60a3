# shellcheck shell=sh
# block-remove: nothing of it is left. What boots goes first, so that a boot in the middle has nothing to bring back;
# the map goes last: as long as it is there, this isn't done.

verb_block_remove() {
  begin_work
  remove_alone 9<>"$LOCK"
  rm -rf "$WORK" "$LOCK" /run/fleet/host-*.sh
  piece removed
  piece end
}

remove_alone() {
  flock -w 20 9 || stop "$EXIT_BUSY" busy block
  stop_boot || stop "$EXIT_STORAGE" storage "$ETC"
  if have iptables-save && have iptables-restore; then
    remove_chain || stop "$EXIT_UNLOADABLE" hook "$(head -c 1000 "$WORK/error")"
  fi
  ! have ipset || remove_sets
  rm -rf "$BLOCKS" 2>/dev/null || stop "$EXIT_STORAGE" storage "$BLOCKS"
  rmdir "$GENERATIONS" 2>/dev/null
  return 0
}

stop_boot() {
  if has_systemd && [ -e "$TIMER_LINK" ]; then systemctl --quiet disable --now fleet-block.timer 2>/dev/null; fi
  rm -f "$TIMER_LINK" "$UNITS/fleet-block.timer" "$UNITS/fleet-block.service" "$PLUGINS"/11-fleet-block* "$PLUGINS"/40-fleet-block* 2>/dev/null || return 1
  for rules in rules.v4 rules.v6; do forget_in "$ETC/$rules" || return 1; done
}

# forget_in FILE: what `netfilter-persistent save` wrote of it: a boot can't load rules whose sets are gone.
forget_in() {
  [ -f "$1" ] && [ ! -L "$1" ] && grep -qs 'FLEET-BLOCK' "$1" || return 0
  sed '/FLEET-BLOCK/d' "$1" >"$1.new" && sync "$1.new" && mv -T "$1.new" "$1"
}

remove_chain() {
  for family in $families; do
    tools "$family"
    "$save" -t raw 2>"$WORK/error" | awk '
      /^:FLEET-BLOCK / { found = 1 }
      /^-A / && / -j FLEET-BLOCK$/ { sub(/^-A/, "-D"); text = text $0 "\n" }
      END { if (found) printf "*raw\n%s-F FLEET-BLOCK\n-X FLEET-BLOCK\nCOMMIT\n", text }' >"$WORK/out.$family"
    [ ! -s "$WORK/out.$family" ] || "$restore" -w 5 --noflush <"$WORK/out.$family" 2>"$WORK/error" || return 1
  done
}

# Those that a rule of somebody else's uses stay.
remove_sets() {
  for set in $(ipset list -n 2>/dev/null | grep -E '^fleet-(allow|block|feeds)[46](-in|-out)?(-new)?$'); do ipset destroy "$set" 2>/dev/null; done
  return 0
}
