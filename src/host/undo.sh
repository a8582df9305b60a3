# shellcheck shell=sh
# Taking a change back: both families on their old rules, whatever else is there by then, tried without end.

# The rules matter more than the name. Where no state can be renamed (/run is read-only), nobody can confirm, so the
# old rules come back first, and the name when it can. A confirm that comes in between finds other rules than those it
# would confirm.
take_back() { # STATE WHY
  tries=0 undone='' landed=''
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
  tries=0 undone='' landed='' lent='' why=${1#*-}
  until try_back "$why"; do
    # A boot is the way out then, also for what is saved meanwhile.
    [ "$tries" -lt 5 ] || { put_disk_back "$GENERATIONS/staged-$NONCE/kept" lend; lent=${disk:-$lent}; }
    [ "$tries" -ne 5 ] || become "ROLLING_BACK-$why" "STUCK-$why"
    [ "$tries" -eq 1 ] || nap 2
  done
  unset XTABLES_LOCKFILE
  # Before the change they weren't, or it would have been refused; a removal isn't.
  ([ -n "$REMOVES" ] || awake || wake) 6>&- 9>&-
  (drop_sets "$TXN/sets" "$TXN/sets.now" "$TXN/sets.before") 6>&- 9>&-
  back=$why
  [ -n "$sets_back" ] || back=sets
  put_disk_back "$GENERATIONS/staged-$NONCE/kept"
  [ -z "$lent" ] || disk=${disk:--saved}
  back=$back$disk
  { become "ROLLING_BACK-$why" "ROLLED_BACK-$back" || become "STUCK-$why" "ROLLED_BACK-$back"; } && release
}

try_back() { # WHY
  # What takes longer than it may is given more time, not fewer rules.
  LIMIT="timeout -k 5 $((20 + 20 * tries))"
  case $1-$tries in *-3 | terminated-1) unlock_xtables ;; esac
  back_is_done && return
  tries=$((tries + 1))
  return 1
}

# Whoever holds the lock of iptables so long is not going to let go of it.
unlock_xtables() {
  XTABLES_LOCKFILE=$TXN_RUN/xtables.lock
  export XTABLES_LOCKFILE
}

# Both families as they were, whatever becomes of the other, and only then the sets: no rules wait for an ipset that
# hangs, and no guard that is started again waits for one (it has no lock of the guard's, as a load does). Rules that need
# a set which is gone come with the next try, which after the first is at once. Rules that are back, beside a set that
# somebody has made another one of, are not tried for again for good.
back_is_done() {
  done=yes sets_back=yes
  for family in 4 6; do family_is_back "$family" || done=; done
  (undo_sets) 6>&- 9>&- || sets_back=
  [ -n "$done" ] && { [ -n "$sets_back" ] || [ "$tries" -ge 4 ]; }
}

# What they held, whoever has been at them since. Each set by itself: one that fails keeps nothing from the others.
undo_sets() {
  [ -s "$TXN/sets" ] || [ -s "$TXN/sets.now" ] || [ -s "$TXN/sets.before" ] || return 0
  # One that hangs is waited for once.
  timeout -k 5 20 ipset list -n >/dev/null 2>&1 || return 1
  # Sets that nothing referred to meanwhile may have been destroyed. Those that stay have their way back from what was
  # wanted of them.
  [ "$done$tries" = yes0 ] || { make_missing "$TXN/sets"; make_missing "$TXN/sets.now"; }
  [ -s "$TXN/sets.before" ] || return 0
  # shellcheck disable=SC2086
  $LIMIT ipset save 2>/dev/null | lead_sets "$TXN/sets.before" | awk -v load="$LIMIT ipset restore -exist >/dev/null 2>&1 $DRAIN" '
    $2 != set && set != "" { close(load) }
    { set = $2; print | load }'
  sets_hold "$TXN/sets.before"
}

# make_missing FILE: its sets that aren't there.
make_missing() {
  [ -s "$1" ] || return 0
  timeout -k 5 20 ipset list -n 2>/dev/null | awk -v file="$1" -v load="$LIMIT ipset restore -exist >/dev/null 2>&1 $DRAIN" '
    { live[$1] = 1 }
    END { while ((getline line <file) > 0) { split(line, word, " "); if (!(word[2] in live)) print line | load } }'
}

# By reading first; by the undo that was made and tried before, as long as others left all as it was (it counts on
# that) or nothing can be read; by one made from what is live. What was undone and can't be read (3), or is read in other
# words, isn't undone twice.
family_is_back() {
  is "$1" "$TXN/now.$1" "$TXN/want.$1"
  code=$?
  case $code$undone in 3*"$1"*) return 1 ;; esac
  case $code$landed in 1*" $1-"*) ! has_landed "$1" || return 1 ;; esac
  if [ "$code" -eq 3 ] || others_stand "$1"; then
    [ "$code" -ne 0 ] || return 0
    load "$1" "$TXN/undo.$1" -w 1 --noflush >/dev/null
    case $? in 0) undone=$undone$1 ;; 4) ! lock_is_held || return 1 ;; esac
    is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  else
    take_out_unread "$1"
    [ "$code" -ne 0 ] || return 0
  fi
  emptying=
  [ "$tries" -lt 3 ] || emptying=yes
  beside=$(live "$1" | others "$TXN/now.$1" "$TXN/want.$1" | grep -c .)
  live "$1" | undo_from_live "$TXN/now.$1" "$TXN/want.$1" "$TXN/before.$1" "$emptying" | load_piped "$1"
  loaded=$?
  is "$1" "$TXN/now.$1" "$TXN/want.$1" && return
  [ "$loaded" -ne 0 ] || note_landed "$1" "$beside"
  return 1
}

# take_out_unread FAMILY: rules of the change alone that aren't read go by their words. Where iptables-save is another one
# than it was, a rule that it has other words for looks like one of others. Each by itself, since one that isn't there fails. Hundreds
# that aren't read, where few lines are there that nobody wrote before, were flushed: the old ones don't wait for a search.
take_out_unread() {
  tools "$1"
  locked=
  ! lock_is_held || locked=4
  live "$1" | awk -v now="$TXN/now.$1" -v want="$TXN/want.$1" -v before="$TXN/before.$1" -v locked="$locked" -v load="$LIMIT $restore -w 1 --noflush >/dev/null 2>&1" "$AWK_SCAN"'
    BEGIN {
      while ((got = (getline line < now)) > 0) if (scan(line)) old[table, item] = 1
      while (got == 0 && (getline line < want) > 0)
        if (scan(line) && item ~ /^-A/ && !((table, item) in old)) { in_table[++news] = table; new[news] = item; known[table, item] = 1 }
      while ((getline line < before) > 0) if (scan(line)) known[table, item] = 1
    }
    /^#FAILED|^# Table .* is incompatible/ { failed = 1 }
    scan($0) { is_read[table, item] = 1; if (item ~ /^-A/ && !((table, item) in known)) strange++ }
    END {
      for (i = 1; i <= news; i++) if (!((in_table[i], new[i]) in is_read)) unread++
      if (unread > 100 && 2 * strange < unread) failed = 1
      for (i = 1; i <= news && !failed; i++) if (!((in_table[i], new[i]) in is_read)) {
        print "*" in_table[i] "\n-D" substr(new[i], 3) "\nCOMMIT" | load
        code = close(load)
        if (locked && (code == 4 || code == 1024)) failed = 1
      }
    }'
}

# note_landed FAMILY BESIDE: all was loaded, and as many rules stand there as the old ones and BESIDE of others, none of
# them of the change alone. So the old ones are among them, and iptables-save has other words for some (it is another one
# than it was). Loaded again they would stand there once more each time.
note_landed() {
  live "$1" | awk -v now="$TXN/now.$1" -v want="$TXN/want.$1" -v beside="$2" "$AWK_SCAN"'
    BEGIN {
      while ((getline line < now) > 0) if (scan(line) && item ~ /^-A/) { old[table, item] = 1; olds++ }
      while ((getline line < want) > 0) if (scan(line) && item ~ /^-A/ && !((table, item) in old)) new[table, item] = 1
    }
    scan($0) && item ~ /^-A/ { rules++; if ((table, item) in new) differs = 1 }
    END { exit differs || rules != olds + beside }' && landed="$landed $1-$(digest "$1")"
}

# has_landed FAMILY: nothing has become of that since.
has_landed() { case $landed in *" $1-$(digest "$1")"*) return 0 ;; *) return 1 ;; esac; }

# digest FAMILY: of its live rules, whatever was counted and when.
digest() { live "$1" | awk "$AWK_SCAN"'scan($0) { print table, item }' | sha256sum; }

# Where iptables said 4: the lock would be held again. iptables-nft has none; it says 4 of whatever the kernel refuses,
# and would say it of that undo each time.
lock_is_held() { [ "$pinned" != nft ] && [ -z "${XTABLES_LOCKFILE:-}" ]; }

# The lines of others are those from before the change, in their order.
others_stand() {
  [ "$(others "$TXN/now.$1" "$TXN/want.$1" <"$TXN/before.$1")" = "$(live "$1" | others "$TXN/now.$1" "$TXN/want.$1")" ]
}

# What a load that failed didn't read: awk ends where nobody reads on, and no other part would be loaded.
# shellcheck disable=SC2016
DRAIN='|| { code=$?; cat >/dev/null; exit "$code"; }'

# Each part by itself: one that fails keeps nothing from the others. 1: one did, other than a chain that others jump to.
load_piped() {
  tools "$1"
  awk -v load="$LIMIT $restore -w 1 --noflush >/dev/null 2>&1 $DRAIN" '
    { print | load }
    /^COMMIT/ && close(load) != 0 && last !~ /^-X/ { failed = 1 }
    { last = $0 }
    END { exit failed }'
}

# drop_sets GONE KEPT...: sets that GONE makes and no KEPT does; one that a foreign rule uses stays.
drop_sets() {
  [ -s "$1" ] || return 0
  gone=$1
  shift
  sed -n 's/^create \([^ ]*\) .*/\1/p' "$gone" | while read -r set; do
    grep -qs "^create $set " "$@" || timeout -k 5 20 ipset destroy "$set" 2>/dev/null || [ $? -lt 124 ] || break
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
