# shellcheck shell=sh
# observe: everything the controller decides by, in one read; nothing is changed.
# Standard input is a bundle: cand.4, cand.6 (iptables-restore text), sets (ipset restore text), manifest.

verb_observe() { # MANIFEST_HASH CANDIDATE_HASH
  mkdir -p "$RUN" 2>/dev/null
  scratch=$(mktemp -d "$RUN/observe.XXXXXX" 2>/dev/null) || stop "$EXIT_STORAGE" storage "$RUN"
  trap 'rm -rf "$scratch"' EXIT
  unpack "$scratch" "$1" || stop "$EXIT_STORAGE" storage "$RUN"
  save=$(tool 4 save)
  have "$save" || tell_missing iptables
  for family in 4 6; do
    "$(tool $family save)" >"$scratch/live.$family" 2>"$scratch/live-error" ||
      stop "$EXIT_REFUSED" cannot-read-rules "$(head -c 300 "$scratch/live-error")"
  done
  tell_facts
  tell_live
  tell_generation
  if as_confirmed "$2"; then piece confirmed-as-is; else tell_candidate; fi
  tell_guard
  piece end
}

# A host with no iptables at all: what is known is told, and the package step comes first.
tell_missing() {
  tell_facts
  piece missing
  printf '%s\n' "$1"
  tell_guard
  piece end
  exit 0
}

tell_facts() {
  piece facts
  printf 'boot_id=%s\nuptime_cs=%s\nssh_connection=%s\n' "$(boot_id)" "$(uptime_cs)" "$SSH"
  if [ -d /run/systemd/system ]; then echo init=systemd; else echo init=other; fi
  # shellcheck source=/dev/null
  (. /etc/os-release && printf 'os=%s\nrelease=%s\n' "${ID:-}" "${VERSION_ID:-}") 2>/dev/null
  printf 'iptables=%s\n' "$(iptables --version 2>/dev/null)"
  [ -e /proc/net/if_inet6 ] || echo ipv6=off
  for need in awk flock ipset mv sha256sum sync timeout unshare; do have "$need" || printf 'lacks=%s\n' "$need"; done
  [ -d /run/systemd/system ] || have setsid || echo lacks=setsid
  [ -x /usr/sbin/netfilter-persistent ] && [ -e "$PLUGINS/15-ip4tables" ] && echo persistent=yes
  for rules in rules.v4 rules.v6; do [ -e "$ETC/$rules" ] && printf 'has=%s\n' "$rules"; done
  tell_managers
}

# What else would write or load rules: asked of files where files know, because every spawn costs on every host.
tell_managers() {
  grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && have ufw && echo manager=ufw
  for unit in firewalld nftables ferm shorewall; do
    for link in /etc/systemd/system/*.wants/"$unit".service; do [ -e "$link" ] && printf 'manager=%s\n' "$unit" && break; done
  done
  for script in /etc/network/if-pre-up.d/* /etc/network/if-up.d/* /etc/rc.local; do
    [ -x "$script" ] && grep -lsE '^[^#]*\b(ip6?tables(-legacy|-nft)?(-restore)?|nft)\b' "$script" | sed 's/^/manager=/'
  done
  return 0
}

tell_live() {
  for family in 4 6; do
    piece "live.$family"
    cat "$scratch/live.$family"
    piece "other.$family"
    other_backend "$family"
  done
  if have nft; then piece nft; nft list tables 2>/dev/null; fi
  piece sets
  if have ipset; then ipset list -n 2>/dev/null; fi
  piece sockets
  if have ss; then ss -Hlntup 2>/dev/null; else echo '#no ss'; fi
}

# The backend that is not the host's own choice. Asking legacy for tables that are not loaded would load them.
other_backend() {
  case $(iptables --version 2>/dev/null) in
    *nf_tables*)
      case $1 in 4) names=/proc/net/ip_tables_names ;; *) names=/proc/net/ip6_tables_names ;; esac
      read -r _ 2>/dev/null <"$names" && "$(tool "$1" legacy-save)" 2>/dev/null
      ;;
    *) "$(tool "$1" nft-save)" 2>/dev/null ;;
  esac
}

tell_generation() {
  piece generation
  number=$(generation_now)
  printf 'number=%s\n' "$number"
  [ "$number" -eq 0 ] && [ ! -e "$GENERATIONS/current/meta.json" ] && return
  if whole "$GENERATIONS/current"; then echo whole=yes; else echo whole=no; fi
  if linked; then echo linked=yes; else echo linked=no; fi
  if plugins_current; then echo plugins=yes; else echo plugins=no; fi
  if unit_enabled; then echo enabled=yes; else echo enabled=no; fi
  for file in rules.v4 rules.v6 ipsets meta.json; do
    piece "current.$file"
    cat "$GENERATIONS/current/$file" 2>/dev/null
  done
}

# The quick answer for a host that is as it was last confirmed, asked for the same: nothing is loaded then.
as_confirmed() {
  [ "$(generation_now)" -gt 0 ] && [ "$(meta_of "$GENERATIONS/current" candidate)" = "$1" ] || return 1
  whole "$GENERATIONS/current" && linked || return 1
  same_owned "$GENERATIONS/current/rules.v4" /dev/null <"$scratch/live.4" &&
    same_owned "$GENERATIONS/current/rules.v6" /dev/null <"$scratch/live.6"
}

tell_candidate() {
  if in_scratch canonical "$scratch" >"$scratch/unshare-error" 2>&1; then
    for family in 4 6; do piece "canon.$family"; cat "$scratch/canon.$family"; done
    return
  fi
  for part in 4 6 sets; do
    [ -e "$scratch/error.$part" ] || continue
    piece "error.$part"
    head -c 2000 "$scratch/error.$part"
    echo
  done
  piece error.scratch
  head -c 2000 "$scratch/unshare-error"
  echo
}

tell_guard() {
  piece guard
  if [ -d "$RUN/lock" ]; then
    cat "$RUN/lock/owner" 2>/dev/null
    printf 'state=%s\n' "$(state_of "$(lock_owner)")"
    if guard_alive "$(lock_owner)"; then echo alive=yes; else echo alive=no; fi
  fi
}
