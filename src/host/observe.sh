# shellcheck shell=sh
# observe: everything the controller decides by, in one read; nothing is changed.
# Standard input is a bundle: cand.4, cand.6 (iptables-restore text), sets (ipset restore text), manifest.

verb_observe() { # MANIFEST_HASH CANDIDATE_HASH
  version=
  lacking_base
  [ -z "$lacks" ] || { tell_facts; piece end; return; }
  mkdir -p "$RUN" 2>/dev/null
  scratch=$(mktemp -d "$RUN/observe.XXXXXX" 2>/dev/null) || stop "$EXIT_STORAGE" storage "$RUN"
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  unpack "$scratch" "$1" || stop "$EXIT_STORAGE" storage "$RUN"
  version=$(iptables --version 2>/dev/null)
  case $2 in
    before) take_before "$scratch" ;;
    gen-*) take_generation "$scratch" "${2#gen-}" ;;
  esac
  # shellcheck disable=SC2086
  lacking $INSTALLABLE
  # A host without iptables: what is known is told, and the package step comes first.
  case $lacks in
    *ip*tables*) tell_facts ;;
    *)
      read_live
      tell_facts
      tell_rules "$2"
      ;;
  esac
  tell_guard
  piece end
}

read_live() {
  for family in 4 6; do
    tools "$family"
    "$save" >"$scratch/live.$family" 2>"$scratch/live-error" || stop "$EXIT_REFUSED" cannot-read-rules "$(head -c 300 "$scratch/live-error")"
  done
}

tell_facts() {
  which_boot
  piece facts
  printf 'boot_id=%s\nssh_connection=%s\n' "$boot" "$SSH"
  tell_uptime
  if has_systemd; then echo init=systemd; else echo init=other; fi
  find_apart
  [ -z "$apart" ] || printf 'apart=%s\n' "$apart"
  # shellcheck source=/dev/null
  (. /etc/os-release && printf 'os=%s\nrelease=%s\n' "${ID:-}" "${VERSION_ID:-}") 2>/dev/null
  printf 'iptables=%s\n' "$version"
  [ -e /proc/net/if_inet6 ] || echo ipv6=off
  for need in $lacks; do printf 'lacks=%s\n' "$need"; done
  # An installation that ended in the middle isn't one: the package step sets up what is unpacked, and takes its mask off.
  [ -x /usr/sbin/netfilter-persistent ] && [ -e "$PLUGINS/15-ip4tables" ] && [ -e "$PLUGINS/25-ip6tables" ] && [ ! -e "$VAR/masked" ] && echo persistent=yes
  for rules in rules.v4 rules.v6; do [ -e "$ETC/$rules" ] && printf 'has=%s\n' "$rules"; done
  tell_interface
  tell_managers
}

# The interface that answers to the controller leave by, which is what `-i` and `-o` will meet, and the router on their way.
# One with a single other end (IFF_POINTOPOINT), without addresses of its link (IFF_NOARP), or the host's own (IFF_LOOPBACK)
# knows no neighbours.
tell_interface() {
  [ -n "$SSH" ] && have ip || return 0
  route=$(ip -o route get "${SSH%% *}" 2>/dev/null) || return 0
  case $route in
    *' dev '*)
      via=${route%% dev *}
      route=${route#* dev }
      route=${route%% *}
      printf 'interface=%s\n' "$route"
      case $via in *' via '*) printf 'gateway=%s\n' "${via##* }" ;; esac
      { read -r flags <"/sys/class/net/$route/flags"; } 2>/dev/null || return 0
      case $flags in *[!0-9a-fx]*) return 0 ;; 0x?*) [ $((flags & 0x98)) -eq 0 ] || echo direct=yes ;; esac
      ;;
  esac
}

tell_rules() { # CANDIDATE_HASH
  show live.4 "$scratch/live.4" live.6 "$scratch/live.6"
  for family in 4 6; do piece "other.$family"; other_backend "$family"; done
  tell_asleep
  piece sets
  ! have ipset || ipset list -n 2>/dev/null
  tell_members
  piece sockets
  if have ss; then ss -Hlntup 2>/dev/null; else echo '#no ss'; fi
  tell_blocks
  tell_generation
  if as_confirmed "$1"; then
    piece confirmed-as-is
  else
    tell_natives
    tell_candidate
  fi
}

# Whether sets that rules refer to hold the controller's address or the host's own, by which the lockout is judged:
# `SET ADDRESS...`. Left out where a set isn't one of addresses.
tell_members() {
  piece members
  [ -n "$SSH" ] && have ipset || return 0
  # shellcheck disable=SC2086
  set -- $SSH
  client=${1#::ffff:} server=${3#::ffff:}
  case $client in *:*) family=6 ;; *) family=4 ;; esac
  grep -o -e '--match-set [^ ]*' "$scratch/live.$family" | sort -u | while read -r _ set; do
    members=
    for address in "${client%%%*}" "${server%%%*}"; do
      case $(ipset test "$set" "$address" 2>&1) in
        *' is in set '*) members="$members $address" ;;
        *' is NOT in set '*) ;;
        *) continue 2 ;;
      esac
    done
    printf '%s%s\n' "$set" "$members"
  done
}

# The backend that is not the host's own choice. Asking legacy for tables that are not loaded would load them.
other_backend() { # FAMILY
  case $1 in 4) other=iptables names=/proc/net/ip_tables_names ;; *) other=ip6tables names=/proc/net/ip6_tables_names ;; esac
  case $version in
    *nf_tables*) { read -r _ <"$names"; } 2>/dev/null && "$other-legacy-save" 2>/dev/null ;;
    *) ! have "$other-nft-save" || "$other-nft-save" 2>/dev/null || echo '#FAILED' ;;
  esac
}

tell_generation() {
  read_links
  whole=no candidate=
  piece generation
  printf 'number=%s\nnewest=%s\n' "$generation" "$newest"
  if find_unstored; then tell_unstored "$VAR/txn/$unstored"; return; fi
  if [ "$generation" -eq 0 ]; then tell_boots; return; fi
  tell_soundness "$last"
  tell_changed_sets "$last/ipsets"
  set --
  for file in rules.v4 rules.v6 ipsets meta.json; do set -- "$@" "current.$file" "$last/$file"; done
  show "$@"
  [ "$linked" = yes ] || tell_boots
}

# The live sets that don't hold what was confirmed: `set=NAME MISSING ADDED`.
tell_changed_sets() { # FILE
  [ -s "$1" ] && have ipset || return 0
  ipset save 2>/dev/null | awk -v file="$1" "$AWK_PLAIN$AWK_SETS"'
    BEGIN { want_sets(file) }
    is_added() { added[$2]++ }
    END {
      for (member in want) { split(member, part, SUBSEP); missing[part[1]]++ }
      for (set in mine) if (missing[set] || added[set]) print "set=" set " " (missing[set] + 0) " " (added[set] + 0)
    }'
}

# What lies there in the place of the links is what boots.
tell_boots() { show boots.4 "$ETC/rules.v4" boots.6 "$ETC/rules.v6"; }

# What was confirmed last and could not be stored: its rules are owned, and it is not whole.
tell_unstored() { # DIR
  show current.rules.v4 "$1/want.4" current.rules.v6 "$1/want.6" current.ipsets "$1/sets" current.meta.json "$1/meta.json"
}

# The quick answer for a host that is as it was last confirmed, asked for the same: nothing is loaded then.
as_confirmed() { # CANDIDATE_HASH
  [ "$generation" -gt 0 ] && [ "$candidate" = "$1" ] && [ "$whole" = yes ] && [ "$linked" = yes ] || return 1
  for family in 4 6; do
    same_owned "$GENERATIONS/current/rules.v$family" /dev/null <"$scratch/live.$family" || return 1
  done
}

tell_candidate() {
  if in_scratch canonical "$scratch" >"$scratch/error.scratch" 2>&1; then
    show canon.4 "$scratch/canon.4" canon.6 "$scratch/canon.6"
    return
  fi
  for part in 4 6 sets scratch; do
    [ -s "$scratch/error.$part" ] || continue
    piece "error.$part"
    head -c 2000 "$scratch/error.$part"
    echo
  done
}

tell_guard() {
  piece guard
  # Somebody arms, and has no state yet.
  [ ! -e "$RUN/arming" ] || flock -s -n 6 6<"$RUN/arming" || echo arming=yes
  who_owns || return 0
  see "$owner"
  say_owner "$held"
  printf 'state=%s\n' "$state"
  if guard_alive "$owner"; then echo alive=yes; else echo alive=no; fi
}
