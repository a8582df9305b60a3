# shellcheck shell=sh
# The hook: chain FLEET-BLOCK in the table raw, which PREROUTING and OUTPUT jump to before all else. raw comes before
# connection tracking and before any DNAT: established flows and published ports are stopped too.

# What each family is to have, as iptables-save prints it. Each side is exempted by its own address: the network that
# may get in must not open the way to those in it.
AWK_HOOK='
  function hook_rules(family, rules,   n, i, set) {
    n = split("fleet-block src,fleet-block-out dst,fleet-feeds src,fleet-feeds dst", set, ",")
    for (i = 1; i <= n; i++) rules[i] = hook_rule(family, set[i])
    return n
  }
  function hook_rule(family, words,   word) {
    split(words, word, " ")
    if (!sub(/-out$/, family "-out", word[1])) word[1] = word[1] family
    return "-A FLEET-BLOCK -m set --match-set " word[1] " " word[2] " -m set ! --match-set fleet-allow" family " " word[2] " -j DROP"
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

# judge: sets `hook` (stands, wrong, missing), `sets` (right, wrong), `counted` to the lines of the map, and `jumps.*`
# of what is to be replaced, from what was saved.
judge() {
  said=$(awk -v families="$families" -v work="$WORK" -v now="$NOW" "$AWK_NETWORK$AWK_SETS$AWK_HOOK"'
    function expect(set, network, until,   n, i, one) {
      n = sides(network, one)
      for (i = 1; i <= n; i++) want[set, one[i] ~ /:/ ? key(one[i]) : one[i]] = left(until)
    }
    function read_wanted(   line, word, family) {
      while ((getline line < (work "/map")) > 0) {
        if (line ~ /^#/) continue
        counted++
        split(line, word, " ")
        family = word[1] ~ /:/ ? 6 : 4
        if (word[5] != "blocked" || families !~ family) continue
        if (word[2] != "out") expect("fleet-block" family, word[1], word[4])
        if (word[2] != "in") expect("fleet-block" family "-out", word[1], word[4])
      }
      while ((getline line < (work "/allow")) > 0) if (families ~ (line ~ /:/ ? 6 : 4)) expect("fleet-allow" (line ~ /:/ ? 6 : 4), line, 0)
    }
    function read_saved(   line, word, network, time, off, place, set) {
      while ((getline line < (work "/saved")) > 0) {
        split(line, word, " ")
        if (word[1] == "create") { seen[word[2]] = 1; if (word[2] ~ /block/ && line !~ / timeout 0/) wrong = 1 }
        if (word[1] != "add") continue
        network = word[3] ~ /:/ ? key(word[3]) : word[3]
        if (!((word[2], network) in want)) { wrong = 1; continue }
        time = want[word[2], network]
        off = time - word[5]
        if (!time != !(word[5] + 0) || off > 60 || off < -60) { wrong = 1; continue }
        delete want[word[2], network]
      }
      for (place in want) if (want[place] == 0 || want[place] > 10) { wrong = 1; break }
      for (set in made_with) if (set !~ /feeds/ && !(set in seen)) wrong = 1
    }
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
      print jumps > (work "/jumps." family)
      if (found && first["FLEET-BLOCK"] == n && placed == 2 && !misplaced) { placed = 0; return }
      placed = 0
      hook = found || jumps != "" ? "wrong" : hook == "wrong" ? hook : "missing"
    }
    BEGIN {
      each_set(families)
      hook = "stands"
      read_wanted()
      read_saved()
      if (families ~ 4) read_hook(4)
      if (families ~ 6) read_hook(6)
      print unreadable ? "unreadable" : hook, wrong ? "wrong" : "right", counted + 0
    }') || return 1
  # shellcheck disable=SC2086
  set -- $said
  hook=${1:-} sets=${2:-} counted=${3:-}
}

# print_hook FAMILY: place and content in one step, whatever stood there before.
print_hook() {
  jumps=
  { read -r jumps <"$WORK/jumps.$1"; } 2>/dev/null
  awk -v family="$1" -v jumps="$jumps" "$AWK_HOOK"'BEGIN {
    print "*raw\n:FLEET-BLOCK - [0:0]"
    n = split(jumps, chain, " ")
    for (i = 1; i <= n; i++) print "-D " chain[i] " -j FLEET-BLOCK"
    n = hook_rules(family, rules)
    for (i = 1; i <= n; i++) print rules[i]
    print "-I PREROUTING 1 -j FLEET-BLOCK\n-I OUTPUT 1 -j FLEET-BLOCK\nCOMMIT"
  }'
}

load_hook() {
  for family in $families; do
    tools "$family"
    print_hook "$family" >"$WORK/hook.$family" && "$restore" -w 5 --noflush <"$WORK/hook.$family" 2>"$WORK/error" || return 1
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
