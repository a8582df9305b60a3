# shellcheck shell=sh
# Rules that nft made in the tables of iptables: iptables-save prints some of them as something broader (a set that it
# leaves out), without a word. Only the kernel's own bytecode tells.

# Names the chains with such rules: what is live, against what the same tools make of their own save. Where all rules
# are of the last generation they came through iptables, and nothing is loaded.
tell_natives() {
  piece native
  case $version in *nf_tables*) have nft ;; *) false ;; esac || return 0
  strangers "$GENERATIONS/current/rules.v4" "$GENERATIONS/current/rules.v6" "$scratch/live.4" "$scratch/live.6" || return 0
  sed -n 's/^\*/ip /p' "$scratch/live.4" >"$scratch/tables"
  sed -n 's/^\*/ip6 /p' "$scratch/live.6" >>"$scratch/tables"
  # Their members don't matter, but that they are there.
  case $(grep -l -e '-set ' "$scratch/live.4" "$scratch/live.6") in
    '') ;;
    *) ipset save 2>/dev/null | grep '^create ' >"$scratch/sets.live" ;;
  esac
  bytecode "$scratch/tables" >"$scratch/code.live"
  in_scratch reprint "$scratch" >"$scratch/code.again" 2>/dev/null
  compare_code "$scratch/code.again" "$scratch/code.live"
}

# strangers SAVE...: 0 where the last two say a rule that the ones before don't.
strangers() {
  awk -v files="$#" 'BEGIN {
    for (i = 1; i <= files; i++) while ((getline line < ARGV[i]) > 0)
      if (line ~ /^-A/) { if (i < files - 1) known[line] = 1; else if (!(line in known)) exit 0 }
    exit 1
  }' "$@"
}

# bytecode FILE: what the kernel has of the tables that it names, an expression a line. Asked for several at once, nft
# tells of the last one only.
bytecode() {
  while read -r family table; do nft --debug=netlink list table "$family" "$table" 2>/dev/null </dev/null; done <"$1"
}

# compare_code AGAIN LIVE: the chains of LIVE with something in a rule that AGAIN hasn't. Matches and targets of
# iptables' own differ with its version, and so does its way to say a protocol; what they do doesn't.
compare_code() {
  awk '
    function close_rule(   part) {
      if (token != "") seen[token]++
      token = ""
      for (part in seen) {
        if (is_again) have[place, part] = seen[part]
        else if (loaded ? seen[part] > have[place, part] : part ~ /lookup/) native[chain] = 1
      }
      split("", seen)
    }
    FNR == 1 { close_rule(); chain = ""; split("", count); is_again = (FILENAME == ARGV[1]); loaded = loaded || is_again }
    /^ip6? [^ ]+ [^ @]+ [0-9]/ { close_rule(); chain = $1 " " $2 " " $3; place = chain " " ++count[chain]; next }
    /^[^ ]/ { close_rule(); chain = ""; next }
    chain == "" || !/^ +\[ / { next }
    /\[ (counter|match|target) / { next }
    {
      gsub(/ reg [0-9]+/, "")
      sub(/payload load 1b @ network header \+ [69] /, "meta load l4proto ")
      if ($2 ~ /^(cmp|range|bitwise|lookup)$/) { token = token $0; next }
      if (token != "") seen[token]++
      token = $0
    }
    END { close_rule(); for (chain in native) print chain }' "$@"
}

# reprint DIR, inside a scratch namespace: live.4 live.6 sets.live -> the bytecode of what the save comes to. Nothing
# where it doesn't load.
verb_reprint() {
  dir=$1
  [ ! -s "$dir/sets.live" ] || ipset restore <"$dir/sets.live" >/dev/null 2>&1 || return 1
  for family in 4 6; do load "$family" "$dir/live.$family" >/dev/null || return 1; done
  bytecode "$dir/tables"
}

# awake: nothing of the tables of iptables is asleep (nft's `flags dormant`): iptables-save prints their rules as ever, and
# none is in force. Else `asleep` has what is (` ip:filter`). One process; none where iptables is legacy.
awake() {
  asleep=''
  tools 4
  is_chosen nft && have nft || return 0
  # shellcheck disable=SC2086
  if tables=$($LIMIT nft -j list tables 2>/dev/null); then
    case $tables in *'"flags"'*) ;; *) return 0 ;; esac
  fi
  for table in filter nat mangle raw security; do
    for kind in ip ip6; do
      # Old versions print flags by another's name, or none at all where they have no JSON.
      # shellcheck disable=SC2086
      case $($LIMIT nft list table "$kind" "$table" 2>/dev/null | sed '2q') in *dormant*) asleep="$asleep $kind:$table" ;; esac
    done
  done
  [ -z "$asleep" ]
}

none_sleeps() { awake || { why=asleep; return 1; }; }

# wake: what `asleep` says. Said again without flags, a table has none.
wake() {
  # shellcheck disable=SC2086
  for table in $asleep; do $LIMIT nft add table "${table%%:*}" "${table#*:}" 2>/dev/null; done
}

tell_asleep() {
  piece asleep
  # shellcheck disable=SC2086
  awake || printf '%s\n' $asleep
}
