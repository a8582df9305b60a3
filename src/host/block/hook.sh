# shellcheck shell=sh
# The hook: chain FLEET-BLOCK in the table raw, which PREROUTING and OUTPUT jump to before all else. raw comes before
# connection tracking and before any DNAT: established flows and published ports are stopped too.

# What each family is to have, as iptables-save prints it. Each side is exempted by its own address: the network that
# may get in must not open the way to those in it. An address that this host has by now is never blocked, whenever it came.
# shellcheck disable=SC2016
AWK_HOOK='
  function hook_rules(family, rules,   n, i, set) {
    n = split("fleet-block src,fleet-block dst,fleet-block-in src,fleet-block-out dst,fleet-feeds src,fleet-feeds dst", set, ",")
    for (i = 1; i <= n; i++) rules[i] = hook_rule(family, set[i])
    return n
  }
  function hook_rule(family, words,   word) {
    split(words, word, " ")
    if (!sub(/-(in|out)$/, family "&", word[1])) word[1] = word[1] family
    return "-A FLEET-BLOCK -m set --match-set " word[1] " " word[2] " -m set ! --match-set fleet-allow" family " " word[2] " -m addrtype ! --" word[2] "-type LOCAL -j DROP"
  }
  # Sets `hook` to what is worse than it was, and `unreadable`. What puts it right goes to a file.
  function read_hook(family,   rules, n, line, first, chain, found, misplaced, rule, jumps) {
    n = hook_rules(family, rules)
    while ((getline line < (work "/rules." family)) > 0) {
      if (line ~ /^# Table .* is incompatible/) { unreadable = 1; return }
      if (line ~ /^:FLEET-BLOCK /) found = 1
      split(line, rule, " ")
      chain = rule[2]
      if (line ~ /^-A FLEET-BLOCK /) { if (line != rules[++first[chain]]) misplaced = 1 }
      else if (line ~ /^-A /) {
        first[chain]++
        if (line != "-A " chain " -j FLEET-BLOCK") continue
        if (chain == "PREROUTING" || chain == "OUTPUT") { jumps = jumps " " chain; if (first[chain] == 1) { placed++; continue } }
        if (chain == "PREROUTING" || chain == "OUTPUT") misplaced = 1
      }
    }
    write_hook(work "/hook." family, rules, n, jumps)
    if (found && first["FLEET-BLOCK"] == n && placed == 2 && !misplaced) { placed = 0; return }
    placed = 0
    hook = found || jumps != "" ? "wrong" : hook == "wrong" ? hook : "missing"
  }
  # Place and content in one step, whatever stood there before.
  function write_hook(file, rules, n, jumps,   i, chain) {
    print "*raw\n:FLEET-BLOCK - [0:0]" > file
    for (i = split(jumps, chain, " "); i > 0; i--) print "-D " chain[i] " -j FLEET-BLOCK" > file
    for (i = 1; i <= n; i++) print rules[i] > file
    print "-I PREROUTING 1 -j FLEET-BLOCK\n-I OUTPUT 1 -j FLEET-BLOCK\nCOMMIT" > file
  }'

# read_rules: both families' raw tables. A save that failed must never look like an empty one.
read_rules() {
  for family in $families; do
    tools "$family"
    "$save" -t raw >"$WORK/rules.$family" 2>"$WORK/error" || return 1
  done
}

tools() {
  case $1 in 4) xtables=iptables ;; *) xtables=ip6tables ;; esac
  save=$xtables-save restore=$xtables-restore
}

# judge: sets `hook` (stands, wrong, missing), `sets` (right, wrong) and `counted` to the lines of the map, and makes `hook.*`
# for load_hook, from what was saved.
judge() {
  read_map=$WORK/map read_allow=$WORK/allow saved=$WORK/saved sorted=0 counts=
  for file in map allow saved; do [ -e "$WORK/$file" ] || printf '' >"$WORK/$file"; done
  if [ -n "$by_counts" ]; then
    if count_sets "$WORK/counts"; then read_map=/dev/null read_allow=/dev/null saved=/dev/null; else save_all | ipset restore >"$saved" 2>"$WORK/error"; fi
  fi
  if [ "$lines" -gt 5000 ] && [ -z "$counts" ] && have sort; then sort "$saved" >"$WORK/sorted" && saved=$WORK/sorted sorted=1; fi
  awk -v sorted="$sorted" -v families="$families" -v work="$WORK" -v now="$NOW" -v then="$THEN" "$AWK_NETWORK$AWK_SETS$AWK_HOOK"'
    function expect(set, network, until,   n, i, one) {
      n = sides(network, one)
      for (i = 1; i <= n; i++) want[set, index(one[i], ":") ? key(one[i]) : one[i]] = until
    }
    function compare(time, live,   off) {
      off = time - live
      if (!time != !(live + 0) || off > 60 || off < -60) wrong = 1
    }
    # What is over in a moment may be over already.
    function miss(time) { if (time == 0 || time > 10) wrong = 1 }
    # Most lines of a long map. mawk takes long to remember and find a hundred thousand of them: it need not, as both
    # sides are sorted.
    function next_plain(   line, word) {
      plain = ""
      while (plain == "" && (getline line < (work "/map")) > 0) {
        split(line, word, " ")
        if (word[5] != "blocked" || word[2] != "both" || index(word[1], ":") || index(word[1], "/0")) continue
        plain = word[1]
        plain_time = word[4] ? left(word[4]) : 0
      }
    }
    BEGIN { each_set(families); hook = "stands" }
    part == "saved" && sorted && !begun++ { next_plain() }
    part == "map" {
      if (index($1, "#")) next
      counted++
      if ($5 != "blocked") next
      if (sorted && $2 == "both" && !index($1, ":") && !index($1, "/0")) next
      set = set_of($1, $2)
      if (set in family_of) expect(set, $1, $4 ? left($4) : 0)
      next
    }
    part == "allow" { set = "fleet-allow" (index($1, ":") ? 6 : 4); if (set in family_of) expect(set, $1, 0); next }
    $1 == "create" { seen[$2] = 1; if (index($2, "block") && !index($0, " timeout 0")) wrong = 1; next }
    sorted && $1 == "add" && $2 == "fleet-block4" {
      while (plain != "" && (plain "") < ($3 "")) { miss(plain_time); next_plain() }
      if ((plain "") == ($3 "")) { if (plain_time != $5) compare(plain_time, $5); next_plain(); next }
    }
    $1 == "add" {
      place = $2 SUBSEP (index($3, ":") ? key($3) : $3)
      if (!(place in want)) { wrong = 1; next }
      compare(want[place], $5)
      delete want[place]
    }
    END {
      for (; plain != ""; next_plain()) miss(plain_time)
      for (place in want) miss(want[place])
      for (set in made_with) if (set !~ /feeds/ && !(set in seen)) wrong = 1
      if (families ~ 4) read_hook(4)
      if (families ~ 6) read_hook(6)
      print unreadable ? "unreadable" : hook, wrong ? "wrong" : "right", counted + 0
    }' part=map "$read_map" part=allow "$read_allow" part=saved "$saved" >"$WORK/said" || return 1
  read -r hook sets counted <"$WORK/said"
  [ -z "$counts" ] || { counted=$(grep -c '^[^#]' "$WORK/map"); sets=$counts; }
}

# How long somebody else may hold xtables' lock, in seconds.
PATIENCE=5
load_hook() {
  for family in $families; do
    tools "$family"
    "$restore" -w "$PATIENCE" --noflush <"$WORK/hook.$family" 2>"$WORK/error" || return 1
  done
}

# take_out_hook: the jumps go, in both families; what they led to does no harm.
take_out_hook() {
  out=yes
  for family in $families; do
    tools "$family"
    "$save" -t raw 2>/dev/null | awk '
      /^-A (PREROUTING|OUTPUT) -j FLEET-BLOCK$/ { if (!found++) print "*raw"; sub(/^-A/, "-D"); print }
      END { if (found) print "COMMIT" }' >"$WORK/out.$family"
    [ ! -s "$WORK/out.$family" ] || "$restore" -w 5 --noflush <"$WORK/out.$family" 2>/dev/null || out=
  done
  [ -n "$out" ]
}
