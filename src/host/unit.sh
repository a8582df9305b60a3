# shellcheck shell=sh
# What both programs need: the map of what is blocked; for a boot the unit that loads rules, and a network namespace to
# try one in.

# find_map: sets `map` to the later of the two files that a host keeps it in by turns, `number` to the one that it has; to
# nothing and 0 where there is none. What an older fleet wrote has none, and was written last.
find_map() {
  map='' latest=0
  for file in "$BLOCKS/map" "$BLOCKS/map.late"; do
    header=
    { read -r header <"$file"; } 2>/dev/null
    case $header in
      '#fleet-blocks 1 '*' n='*[0-9]) number=${header##*=} ;;
      '#fleet-blocks 1 '*) map=$file number=0; return ;;
      *) continue ;;
    esac
    case $number in *[!0-9]*) continue ;; esac
    if [ "$number" -gt "$latest" ]; then map=$file latest=$number; fi
  done
  number=$latest
  # Damaged at its beginning, it has lines all the same.
  [ -n "$map" ] || [ ! -s "$BLOCKS/map" ] || map=$BLOCKS/map
}

is_masked() { [ -c /etc/systemd/system/netfilter-persistent.service ]; }

# A masked unit, a link to /dev/null, is never enabled, whatever else links to it. Without systemd the links of Debian's
# runlevels say it; where there are neither, whoever starts the programs of the host does so in a way of its own.
unit_enabled() {
  if has_systemd; then
    ! is_masked || return 1
    set -- /etc/systemd/system/*.wants/netfilter-persistent.service
  else
    has_runlevels || return 0
    set -- /etc/rc[2-5S].d/S??netfilter-persistent
  fi
  for link; do [ -e "$link" ] && return 0; done
  return 1
}

has_runlevels() { [ -d /etc/rcS.d ] || [ -d /etc/rc2.d ]; }

# A link that isn't on the disk when the power goes boots nothing.
enable_unit() {
  unit_enabled || switch_unit enable || return 1
  sync_unit && unit_enabled
}

# switch_unit enable|disable
switch_unit() {
  if has_systemd; then systemctl --quiet "$1" netfilter-persistent; return; fi
  # It enables only what has links already.
  [ "$1" = disable ] || update-rc.d netfilter-persistent defaults || return 1
  update-rc.d netfilter-persistent "$1"
}

sync_unit() {
  if has_systemd; then
    sync /etc/systemd/system /etc/systemd/system/*.wants
  else
    ! has_runlevels || sync /etc/rc?.d
  fi
}

is_masked_for_now() { [ -c /run/systemd/system/netfilter-persistent.service ]; }

# unmask: by whoever comes next, if the one who masked died. What is unpacked starts its unit once it is set up, whoever
# does that and whenever: until then it stays masked. 1: it does, or somebody installs right now.
unmask() {
  [ -e "$VAR/masked" ] || return 0
  open_installing && { flock -w 10 5 && unmask_alone; } 5<>"$RUN/installing"
}

unmask_alone() {
  [ -e "$VAR/masked" ] || return 0
  case $(dpkg-query -W -f '${db:Status-Status}' netfilter-persistent 2>/dev/null) in
    unpacked | half-*) return 1 ;;
  esac
  was_enabled=
  { read -r was_enabled <"$VAR/masked"; } 2>/dev/null
  if [ "$was_enabled" = yes ]; then
    ! is_masked_for_now || systemctl --quiet unmask --runtime netfilter-persistent.service 2>/dev/null || return 0
  elif is_masked; then
    systemctl --quiet disable netfilter-persistent.service 2>/dev/null
    sync /etc/systemd/system /etc/systemd/system/*.wants 2>/dev/null
    systemctl --quiet unmask netfilter-persistent.service 2>/dev/null || return 0
  fi
  rm -f "$VAR/masked"
}

open_installing() { { mkdir -p "$RUN" && printf '' >>"$RUN/installing"; } 2>/dev/null; }

# in_scratch VERB DIR: a verb of this program inside a fresh network namespace, with a lock file of its own.
in_scratch() {
  XTABLES_LOCKFILE=$2/xtables.lock timeout -k 5 100 unshare -n /bin/sh "$PROGRAM" '' "$@"
}
