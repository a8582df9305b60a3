# shellcheck shell=sh
# Taking a change back: both families on their old rules, whatever else is there by then, tried without end.

# The rules matter more than the name. Where no state can be renamed (/run is read-only), nobody can confirm, so the
# old rules come back first, and the name when it can. A confirm that comes in between finds other rules than those it
# would confirm.
take_back() { # STATE WHY
  tries=0 undone=''
  until become "$1" "ROLLING_BACK-$2"; do
    still "$1" || return 0
    lock=$TXN_RUN/persisting
    [ -r "$lock" ] || lock=/dev/null
    unless_confirmed "$@" 6<"$lock"
  done
}

# Not in the middle of a confirm, which may look at the rules and rename the state only later, when that can be done
# again. One that stands still for good keeps no rules from coming back.
unless_confirmed() { # STATE WHY
  flock -w 20 6 9>&-
  ! still "$1" || try_back "$2"
}

roll_back() { # ROLLING_BACK-<why> or STUCK-<why>
  tries=0 undone='' why=${1#*-}
  until try_back "$why"; do
    [ "$tries" -ne 5 ] || become "ROLLING_BACK-$why" "STUCK-$why"
    [ "$tries" -eq 1 ] || nap 2
  done
  unset XTABLES_LOCKFILE
  drop_sets "$TXN/sets" "$TXN/sets.now" "$TXN/sets.before"
  back=$why
  [ -n "$sets_back" ] || back=sets
  { become "ROLLING_BACK-$why" "ROLLED_BACK-$back" || become "STUCK-$why" "ROLLED_BACK-$back"; } && release
}

try_back() { # WHY
  # What takes longer than it may is given more time, not fewer rules.
  LIMIT="timeout $((20 + 20 * tries))"
  case $1-$tries in *-3 | terminated-1) unlock_xtables ;; esac
  # Sets that nothing referred to meanwhile may have been destroyed. Those that stay have their way back from what was
  # wanted of them.
  [ "$tries" -eq 0 ] || { make_missing "$TXN/sets"; make_missing "$TXN/sets.now"; }
  back_is_done && return
  tries=$((tries + 1))
  return 1
}

# Whoever holds the lock of iptables so long is not going to let go of it.
unlock_xtables() {
  XTABLES_LOCKFILE=$TXN_RUN/xtables.lock
  export XTABLES_LOCKFILE
}

# Sets and both families as they were, whatever becomes of the others. Rules that are back, beside a set that somebody
# has made another one of, are not tried for again for good.
back_is_done() {
  done=yes sets_back=yes
  undo_sets || sets_back=
  for family in 4 6; do family_is_back "$family" || done=; done
  [ -n "$done" ] && { [ -n "$sets_back" ] || [ "$tries" -ge 4 ]; }
}

# What they held, whoever has been at them since. Each set by itself: one that fails keeps nothing from the others.
undo_sets() {
  [ -s "$TXN/sets.before" ] || return 0
  # shellcheck disable=SC2086
  $LIMIT ipset save 2>/dev/null | lead_sets "$TXN/sets.before" | awk -v load="$LIMIT ipset restore -exist >/dev/null 2>&1" '
    $2 != set && set != "" { close(load) }
    { set = $2; print | load }'
  sets_hold "$TXN/sets.before"
}

# make_missing FILE: its sets that aren't there.
make_missing() {
  [ -s "$1" ] || return 0
  timeout 20 ipset list -n 2>/dev/null | awk -v file="$1" -v load="$LIMIT ipset restore -exist >/dev/null 2>&1" '
    { live[$1] = 1 }
    END { while ((getline line <file) > 0) { split(line, word, " "); if (!(word[2] in live)) print line | load } }'
}

# By reading first; by the undo that was made and tried before, as long as others left all as it was (it counts on
# that) or nothing can be read; by one made from what is live. What was undone and can't be read (3) isn't undone twice.
family_is_back() {
  is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  code=$?
  case $code$undone in 3*"$1"*) return 1 ;; esac
  if [ "$code" -eq 3 ] || others_stand "$1"; then
    load "$1" "$TXN/undo.$1" -w 1 --noflush >/dev/null
    case $? in 0) undone=$undone$1 ;; 4) ! lock_is_held || return 1 ;; esac
    is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  fi
  emptying=
  [ "$tries" -lt 3 ] || emptying=yes
  live "$1" | undo_from_live "$TXN/now.$1" "$TXN/want.$1" "$TXN/before.$1" "$emptying" | load_piped "$1"
  is "$1" "$TXN/now.$1" "$TXN/want.$1"
}

# Where iptables said 4: the lock would be held again. iptables-nft has none; it says 4 of whatever the kernel refuses,
# and would say it of that undo each time.
lock_is_held() { [ "$pinned" != nft ] && [ -z "${XTABLES_LOCKFILE:-}" ]; }

# The lines of others are those from before the change, in their order.
others_stand() {
  [ "$(others "$TXN/now.$1" "$TXN/want.$1" <"$TXN/before.$1")" = "$(live "$1" | others "$TXN/now.$1" "$TXN/want.$1")" ]
}

# Each part by itself: one that fails keeps nothing from the others.
load_piped() {
  tools "$1"
  awk -v load="$LIMIT $restore -w 1 --noflush >/dev/null 2>&1" '{ print | load } /^COMMIT/ { close(load) }'
}

# drop_sets GONE KEPT...: sets that GONE makes and no KEPT does; one that a foreign rule uses stays.
drop_sets() {
  [ -s "$1" ] || return 0
  gone=$1
  shift
  sed -n 's/^create \([^ ]*\) .*/\1/p' "$gone" | while read -r set; do
    grep -qs "^create $set " "$@" || timeout 20 ipset destroy "$set" 2>/dev/null
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
