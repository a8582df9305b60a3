# shellcheck shell=sh
# Connections that exist right now: those that conntrack knows, forwarded ones too, and this host's own.

# list_connections: the kernel's own words for them. Asking conntrack where nothing is tracked would load it.
list_connections() {
  tracked=0
  { read -r tracked </proc/sys/net/netfilter/nf_conntrack_count; } 2>/dev/null
  if [ "$tracked" -gt 0 ]; then
    if have conntrack; then
      conntrack -L 2>/dev/null
      conntrack -L -f ipv6 2>/dev/null
    else
      cat /proc/net/nf_conntrack 2>/dev/null
    fi
  fi
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# covered_connections: `ADDRESS_OF_THE_MAP END_OF_CONNECTION tracked|own`, a line each; connections on standard input.
# Who is let through, as this host itself is, isn't covered.
covered_connections() {
  awk -v map="$WORK/map" -v allow="$WORK/allow" "$AWK_NETWORK"'
    function word_of(digits, order,   i, out) {
      for (i = 7; i > 0; i -= 2) out = out substr(digits, order + i, 2)
      return tolower(out)
    }
    function end_of(place,   part, digits) {
      split(place, part, ":")
      if (length(part[1]) == 8) return 4 word_of(part[1], 0)
      digits = word_of(part[1], 0) word_of(part[1], 8) word_of(part[1], 16) word_of(part[1], 24)
      return substr(digits, 1, 24) == "00000000000000000000ffff" ? 4 substr(digits, 25) : 6 digits
    }
    function written(end,   i, out) {
      if (end ~ /^4/) { for (i = 2; i < 10; i += 2) out = out (i > 2 ? "." : "") value(substr(end, i, 2)); return out }
      for (i = 2; i < 34; i += 4) out = out (i > 2 ? ":" : "") substr(end, i, 4)
      return out
    }
    function value(digits) { return (index("0123456789abcdef", substr(digits, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(digits, 2, 1)) - 1 }
    function covering(end,   bits, place, found) {
      for (bits = end ~ /^4/ ? 32 : 128; bits >= 0; bits--) {
        if (!((substr(end, 1, 1) bits) in lengths)) continue
        place = substr(end, 1, 1) cut(substr(end, 2), bits) "/" bits
        if (place in allowed) return ""
        if (found == "" && (place in blocked)) found = blocked[place]
      }
      return found
    }
    function know(network,   place) {
      place = key(network)
      lengths[substr(place, 1, 1) length_of(network)] = 1
      return place
    }
    function look(one, other, how,   i, end, network, pair) {
      pair = one < other ? one " " other : other " " one
      if (pair in seen) return
      seen[pair] = 1
      for (i = 1; i <= 2; i++) {
        end = i == 1 ? one : other
        sub(/ .*/, "", end)
        network = covering(end)
        if (network != "") { print network, written(end), how; return }
      }
    }
    BEGIN {
      while ((getline < map) > 0) if ($5 == "blocked") blocked[know($1)] = $1
      while ((getline < allow) > 0) allowed[know($1)] = 1
    }
    / src=/ {
      split("", field)
      for (i = 1; i <= NF; i++) if (split($i, pair, "=") == 2 && !(pair[1] in field)) field[pair[1]] = pair[2]
      look((field["src"] ~ /:/ ? 6 : 4) hex(field["src"]) " " field["sport"] + 0, (field["dst"] ~ /:/ ? 6 : 4) hex(field["dst"]) " " field["dport"] + 0, "tracked")
      next
    }
    $1 ~ /^[0-9]+:$/ && $4 == "01" {
      split($2, mine, ":"); split($3, theirs, ":")
      look(end_of($3) " " value(substr(tolower(theirs[2]), 1, 2)) * 256 + value(substr(tolower(theirs[2]), 3, 2)), end_of($2) " " value(substr(tolower(mine[2]), 1, 2)) * 256 + value(substr(tolower(mine[2]), 3, 2)), "own")
    }'
}

# verb block with `dry`: what would be refused, and whom it would hit.
tell_dry() {
  WORK=/run/fleet/check.$$ alone=''
  mkdir -p "$WORK" 2>/dev/null || stop "$EXIT_STORAGE" storage /run
  trap 'rm -rf "$WORK"; forget_program' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  find_map
  kept=$map
  read_order || stop "$EXIT_REFUSED" order
  order_lacked=$words
  mv "$WORK/told" "$WORK/told.order"
  tell_refused
  piece live
  list_connections | covered_connections | awk '{ count[$1]++ } END { for (network in count) print network, count[network] }' | sort
  # shellcheck disable=SC2086
  lacking $BLOCK_NEEDS
  tell_standing "$order_lacked" "$WORK/told.order"
  exit 0
}

# forget_program: on a host that fleet has never changed nothing is left of a question.
forget_program() {
  case $PROGRAM in /run/*) [ -d "$VAR" ] || [ -e "$LOCK" ] || { rm -f "$PROGRAM"; rmdir /run/fleet 2>/dev/null; } ;; esac
}

# kill_connections: sets `killed` to how many of them conntrack was told to forget; to nothing where it can't be told.
# Of thousands some are left: nothing comes through them, and each goes by itself.
kill_connections() {
  killed=
  have conntrack || return 0
  list_connections | covered_connections >"$WORK/live"
  killed=0 ended=
  tick
  enough=$((now + 2000))
  while tick && [ "$now" -lt "$enough" ] && read -r _ end how; do
    [ "$how" = tracked ] || continue
    case $end in *:*) of=ipv6 ;; *) of=ipv4 ;; esac
    killed=$((killed + 1))
    case " $ended " in *" $end "*) continue ;; esac
    ended="$ended $end"
    conntrack -D -f "$of" -s "$end" >/dev/null 2>&1
    conntrack -D -f "$of" -d "$end" >/dev/null 2>&1
    conntrack -D -f "$of" -r "$end" >/dev/null 2>&1
  done <"$WORK/live"
}
