# shellcheck shell=sh
# Taking a change back: both families on their old rules, whatever else is there by then, tried without end.

# The rules matter more than the name. Where no state can be renamed (/run is read-only), nobody can confirm, so the
# old rules come back first, and the name when it can. A confirm that comes in between finds other rules than those it
# would confirm; one that had found them already was done while the first rename failed, and is seen here.
take_back() { # STATE WHY
  tries=0 undone=''
  until become "$1" "ROLLING_BACK-$2"; do
    still "$1" || return 0
    try_back "$2"
  done
}

roll_back() { # ROLLING_BACK-<why> or STUCK-<why>
  tries=0 undone='' why=${1#*-}
  until try_back "$why"; do
    [ "$tries" -ne 5 ] || become "ROLLING_BACK-$why" "STUCK-$why"
    [ "$tries" -eq 1 ] || nap 2
  done
  unset XTABLES_LOCKFILE
  drop_sets "$TXN/sets" "$TXN/sets.now"
  { become "ROLLING_BACK-$why" "ROLLED_BACK-$why" || become "STUCK-$why" "ROLLED_BACK-$why"; } && release
}

try_back() { # WHY
  # What takes longer than it may is given more time, not fewer rules.
  LIMIT="timeout $((20 + 20 * tries))"
  case $1-$tries in *-3 | terminated-1) unlock_xtables ;; esac
  # Sets that nothing referred to meanwhile may have been destroyed.
  [ "$tries" -eq 0 ] || restore_sets "$TXN/sets.now" >/dev/null 2>&1
  back_is_done && return
  tries=$((tries + 1))
  return 1
}

# Whoever holds the lock of iptables so long is not going to let go of it.
unlock_xtables() {
  XTABLES_LOCKFILE=$TXN_RUN/xtables.lock
  export XTABLES_LOCKFILE
}

# Sets and both families as they were, whatever becomes of the others.
back_is_done() {
  done=yes
  restore_sets "$TXN/sets.undo" >/dev/null 2>&1 || done=
  for family in 4 6; do family_is_back "$family" || done=; done
  [ -n "$done" ]
}

# By reading first; by the undo that was made and tried before, as long as others left all as it was (it counts on
# that) or nothing can be read; by one made from what is live. 4: iptables' lock is held, and would be again. What was
# undone and can't be read (3) isn't undone twice.
family_is_back() {
  is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  code=$?
  case $code$undone in 3*"$1"*) return 1 ;; esac
  if [ "$code" -eq 3 ] || others_stand "$1"; then
    load "$1" "$TXN/undo.$1" -w 1 --noflush >/dev/null
    case $? in 0) undone=$undone$1 ;; 4) return 1 ;; esac
    is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  fi
  emptying=
  [ "$tries" -lt 3 ] || emptying=yes
  live "$1" | undo_from_live "$TXN/now.$1" "$TXN/want.$1" "$TXN/before.$1" "$emptying" | load_piped "$1"
  is "$1" "$TXN/now.$1" "$TXN/want.$1"
}

# The lines of others are those from before the change, in their order.
others_stand() {
  [ "$(others "$TXN/now.$1" "$TXN/want.$1" <"$TXN/before.$1")" = "$(live "$1" | others "$TXN/now.$1" "$TXN/want.$1")" ]
}

# Each part by itself: one that fails keeps nothing from the others.
load_piped() {
  tools "$1"
  awk -v load="$LIMIT $restore -w 1 --noflush >/dev/null 2>&1" '{ print | load } /^COMMIT/ { close(load) }'
}

# drop_sets GONE KEPT: sets that GONE makes and KEPT doesn't; one that a foreign rule uses stays.
drop_sets() {
  [ -s "$1" ] || return 0
  sed -n 's/^create \([^ ]*\) .*/\1/p' "$1" | while read -r set; do
    grep -qs "^create $set " "$2" || timeout 20 ipset destroy "$set" 2>/dev/null
  done
}

# others NOW WANT, a save on standard input: the rules in it that neither of them says, each with its table.
others() {
  awk -v now="$1" -v want="$2" "$AWK_SCAN"'
    BEGIN {
      while ((getline line < now) > 0) if (scan(line)) known[table, item] = 1
      while ((getline line < want) > 0) if (scan(line)) known[table, item] = 1
    }
    scan($0) && item ~ /^-A/ && !((table, item) in known) { print table, item }'
}

# undo_from_live NOW WANT BEFORE [EMPTYING], a save on standard input: the rollback that needs nothing to be as `do`
# left it. A line of others is neither deleted nor written anew, since iptables-save prints what nft made as something
# broader. Owned lines go by their words, from what is live, and come back by their numbers: where they stood among
# the lines of others that are still there, and behind newcomers that are live before them. A built-in chain without
# a line of others is emptied in one step only if EMPTYING says so: somebody may be putting one in right now.
undo_from_live() {
  awk -v now="$1" -v want="$2" -v before="$3" -v emptying="${4:-}" "$AWK_SCAN"'
    function learn(line, old) {
      if (!scan(line)) return
      known[table, item] = 1
      place = table SUBSEP chain
      if (!(table in tables)) { tables[table] = 1; order[++count] = table }
      if (!(place in is_old)) { is_old[place] = old; list[table, ++size[table]] = chain }
      if (item ~ /^:.* -$/) user[place] = 1
      else if (item ~ /^:/ && (old || !(place in policy))) policy[place] = old ? policy_of() : "ACCEPT"
      if (old && item ~ /^-A/) { mine[table, item] = 1; old_line[place, ++olds[place]] = item }
    }
    function policy_of() { return substr(item, length(chain) + 3) }
    function recall(line) {
      if (!scan(line)) return
      place = table SUBSEP chain
      if (item ~ /^:/ && !is_old[place]) { is_old[place] = 1; if (place in policy) policy[place] = policy_of() }
      if ((table, item) in mine) passed[place]++
      else if (item ~ /^-A/) { neighbour[place, ++neighbours[place]] = item; behind[place, neighbours[place]] = passed[place] + 0 }
    }
    function say(line) {
      if (!begun++) print "*" table
      print line
    }
    # Where the lines of others that were there before are now.
    function find_neighbours(place,   i, key) {
      for (i = 1; i <= neighbours[place]; i++) {
        key = place SUBSEP neighbour[place, i]
        neighbour_at[place, i] = foreign_at[key, ++taken[key]] + 0
      }
    }
    # How many lines of others an old line stands behind at most, as it is live, or one that comes after it is.
    function find_stands(place,   i, key, least) {
      for (i = 1; i <= olds[place]; i++) {
        key = place SUBSEP old_line[place, i]
        key = key SUBSEP (++put[key])
        stand[place, i] = (key in stood) ? stood[key] : ""
      }
      for (least = ""; --i > 0; stand[place, i] = least)
        if (stand[place, i] != "" && (least == "" || stand[place, i] < least)) least = stand[place, i]
    }
    function put_back(place, chain,   i, j, next_one, at, floor, ceiling, text) {
      find_neighbours(place)
      find_stands(place)
      at = goes[place] ? lead[place] : foreigns[place] + 0
      for (i = j = 1; i <= olds[place]; i++) {
        for (; j <= neighbours[place] && behind[place, j] < i; j++) if (neighbour_at[place, j] > floor) floor = neighbour_at[place, j]
        for (next_one = j; next_one <= neighbours[place] && !neighbour_at[place, next_one];) next_one++
        ceiling = next_one <= neighbours[place] ? neighbour_at[place, next_one] - 1 : foreigns[place] + 0
        if (stand[place, i] != "") at = stand[place, i]
        if (at > ceiling) at = ceiling
        if (at < floor) at = floor
        # No old line comes before one that it stood behind.
        floor = at
        text = substr(old_line[place, i], 4 + length(chain))
        say(at < foreigns[place] ? "-I " chain " " (at + i) text : "-A " chain text)
      }
    }
    BEGIN {
      while ((got = (getline line < now)) > 0) learn(line, 1)
      if (got < 0) exit failed = 3
      while ((got = (getline line < want)) > 0) learn(line, 0)
      if (got < 0) exit failed = 3
      while ((getline line < before) > 0) recall(line)
      table = ""
    }
    /^#FAILED|^# Table .* is incompatible/ { failed = 3 }
    !scan($0) { next }
    { place = table SUBSEP chain }
    item ~ /^:/ { live[place] = policy_of(); next }
    !((table, item) in known) { foreign_at[place, item, ++met[place, item]] = ++foreigns[place]; next }
    {
      if (!goes[place]) lead[place] = foreigns[place] + 0
      going[place, ++goes[place]] = item
      stood[place, item, ++stands[place, item]] = foreigns[place] + 0
      if (old_line[place, goes[place]] != item) differs[place] = 1
    }
    END {
      if (failed) exit failed
      for (t = 1; t <= count; t++) {
        table = order[t]
        begun = 0
        for (c = 1; c <= size[table]; c++) {
          chain = list[table, c]
          place = table SUBSEP chain
          if (goes[place] != olds[place]) differs[place] = 1
          empties = differs[place] && !foreigns[place]
          if (place in user) { if ((place in live) ? empties : is_old[place]) say(":" chain " - [0:0]") }
          else if (!(place in live) && !is_old[place]) continue
          else if ((place in policy) && live[place] != policy[place]) say(":" chain " " policy[place] " [0:0]")
        }
        for (c = 1; c <= size[table]; c++) {
          chain = list[table, c]
          place = table SUBSEP chain
          if (!differs[place] || !goes[place]) continue
          if (foreigns[place] || !(place in user) && !emptying) for (i = 1; i <= goes[place]; i++) say("-D" substr(going[place, i], 3))
          else if (!(place in user)) say("-F " chain)
        }
        for (c = 1; c <= size[table]; c++) if (differs[table, list[table, c]]) put_back(table SUBSEP list[table, c], list[table, c])
        if (begun) print "COMMIT"
      }
      # Each on its own, at last: one that others still jump to must not keep the rules from coming back.
      for (t = 1; t <= count; t++) for (c = 1; c <= size[order[t]]; c++) {
        place = order[t] SUBSEP list[order[t], c]
        if ((place in user) && (place in live) && !is_old[place] && !foreigns[place]) print "*" order[t] "\n-X " list[order[t], c] "\nCOMMIT"
      }
    }'
}
