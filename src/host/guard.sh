# shellcheck shell=sh
# The guard: applies a transition and undoes it unless it is confirmed in time. It keeps these promises.
#
# 1. It changes nothing before the session that armed it is gone: a fresh connection is then the only proof left.
# 2. One rename decides. The state is the name of the one file in RUN/txn/NONCE/state; confirm and rollback rename
#    the same file, and exactly one of them finds it.
# 3. `do` never runs twice: a guard that starts again acts by its state, and APPLYING means roll back.
# 4. A rollback ends only on a read-back that matches, and is tried without end.
# 5. After ARMED nothing needs a new inode: states are renames, the log is best effort.
# 6. No clock but /proc/uptime; the disk holds the old generation until confirm, so a reboot is a rollback.
#
#   ARMED-<by>  APPLYING-<deadline>  APPLIED-<deadline>-<at>  CONFIRMED-<at>  PERSISTED-<at>
#   DISARMED-<why>  ROLLING_BACK-<why>  STUCK-<why>  ROLLED_BACK-<why>      times in hundredths of a second of uptime

state_of() {
  for file in "$RUN/txn/$1/state"/*; do
    [ -e "$file" ] && printf '%s' "${file##*/}"
    return
  done
}

# become FROM TO: the one way a state changes.
become() {
  mv "$TXN_RUN/state/$1" "$TXN_RUN/state/$2" 2>/dev/null || return 1
  log "$1 -> $2"
}

log() { { printf '%s %s\n' "$(uptime_cs)" "$*" >>"$TXN/log"; } 2>/dev/null; }

is_final() {
  case $1 in DISARMED-* | ROLLED_BACK-* | PERSISTED-*) return 0 ;; esac
  return 1
}

lock_owner() { sed -n 's/^nonce=//p' "$RUN/lock/owner" 2>/dev/null; }

# A live guard, or a command of one that died, holds the lock on its file.
guard_alive() {
  [ -e "$RUN/txn/$1/alive" ] || return 1
  flock -n "$RUN/txn/$1/alive" true || return 0
  [ -d /run/systemd/system ] || return 1
  case $(systemctl show -p ActiveState --value "fleet-guard-$1" 2>/dev/null) in active | activating) return 0 ;; esac
  return 1
}

# at_transaction NONCE: the variables that everything below works with.
at_transaction() {
  NONCE=$1
  TXN=$VAR/txn/$1
  TXN_RUN=$RUN/txn/$1
  [ -d "$TXN_RUN/state" ] && [ -d "$TXN" ] || return 1
  while IFS='=' read -r key value; do
    case $key in confirm_cs) T=$value ;; generation) GENERATION=$value ;; esac
  done <"$TXN/meta"
}

verb_guard() { # NONCE SESSION_PID SESSION_START
  at_transaction "$1" || return 0
  SESSION_PID=$2 SESSION_START=$3
  trap '' HUP INT PIPE
  terminated=
  trap 'terminated=yes' TERM
  guard_until_final 9<>"$TXN_RUN/alive"
}

guard_until_final() {
  flock 9
  while state=$(state_of "$NONCE"); do
    case $state in
      ARMED-*) await_session "$state" ;;
      APPLYING-*) become "$state" ROLLING_BACK-restarted ;;
      APPLIED-*) await_confirm "$state" ;;
      ROLLING_BACK-* | STUCK-*) roll_back "$state" ;;
      CONFIRMED-*) finish_persisting "$state" ;;
      *) break ;;
    esac
  done
}

nap() { sleep "$1" 9>&-; }

session_gone() {
  [ "$SESSION_PID" = none ] && return 1
  [ -r "/proc/$SESSION_PID/stat" ] && [ "$(started "$SESSION_PID")" = "$SESSION_START" ] && return 1
  return 0
}

started() { # PID: its start time, which with the pid names a process for good
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  printf '%s' "${20}"
}

await_session() { # ARMED-<by>
  until session_gone || [ -e "$TXN_RUN/go-said" ]; do
    [ "$(state_of "$NONCE")" = "$1" ] || return
    [ -z "$terminated" ] || { become "$1" DISARMED-terminated && release; return; }
    [ "$(uptime_cs)" -lt "${1#ARMED-}" ] || { become "$1" DISARMED-session && release; return; }
    nap 0.02
  done
  apply "$1"
}

apply() {
  deadline=$(($(uptime_cs) + T))
  become "$1" "APPLYING-$deadline" || return
  why=apply-failed
  if { [ ! -s "$TXN/sets" ] || ipset restore -exist <"$TXN/sets"; } >>"$TXN/log" 2>&1 && run_both do >>"$TXN/log"; then
    why=mismatch
    if holds want now && become "APPLYING-$deadline" "APPLIED-$deadline-$(uptime_cs)"; then return; fi
  fi
  become "APPLYING-$deadline" "ROLLING_BACK-$why"
}

run_both() { for family in 4 6; do load "$family" "$TXN/$1.$family" -w 5 --noflush || return 1; done; }

holds() { for family in 4 6; do is "$family" "$TXN/$1.$family" "$TXN/$2.$family" || return 1; done; }

await_confirm() { # APPLIED-<deadline>-<at>
  deadline=${1#APPLIED-}
  deadline=${deadline%-*}
  while [ "$(state_of "$NONCE")" = "$1" ]; do
    left=$((deadline - $(uptime_cs)))
    if [ -n "$terminated" ]; then become "$1" ROLLING_BACK-terminated; return; fi
    if [ "$left" -le 0 ]; then become "$1" ROLLING_BACK-deadline; return; fi
    if [ "$left" -lt 25 ]; then nap "0.$((left / 10))$((left % 10))"; else nap 0.25; fi
  done
}

roll_back() { # ROLLING_BACK-<why> or STUCK-<why>
  tries=0 why=${1#*-}
  until back_is_done; do
    tries=$((tries + 1))
    if [ "$tries" -gt 3 ]; then
      XTABLES_LOCKFILE=$TXN_RUN/persisting
      export XTABLES_LOCKFILE
      become "ROLLING_BACK-$why" "STUCK-$why"
    fi
    [ "$tries" -eq 1 ] || nap 2
  done
  unset XTABLES_LOCKFILE
  drop_sets "$TXN/sets" "$TXN/sets.now"
  { become "ROLLING_BACK-$why" "ROLLED_BACK-$why" || become "STUCK-$why" "ROLLED_BACK-$why"; } && release
}

# Both families on their old rules, by reading first, by the precise undo, by the flushing one.
back_is_done() {
  done=yes
  for family in 4 6; do
    is "$family" "$TXN/now.$family" "$TXN/want.$family" && continue
    load "$family" "$TXN/undo.$family" -w 2 --noflush >/dev/null
    is "$family" "$TXN/now.$family" "$TXN/want.$family" && continue
    live "$family" | flushing_undo "$TXN/now.$family" "$TXN/want.$family" |
      timeout 20 "$(tool "$family" restore)" -w 2 --noflush >/dev/null 2>&1
    is "$family" "$TXN/now.$family" "$TXN/want.$family" || done=
  done
  [ -n "$done" ]
}

# drop_sets GONE KEPT: sets that GONE makes and KEPT doesn't; one that a foreign rule uses stays.
drop_sets() {
  sed -n 's/^create \([^ ]*\) .*/\1/p' "$1" 2>/dev/null | while read -r set; do
    grep -qs "^create $set " "$2" || ipset destroy "$set" 2>/dev/null
  done
}

# The controller persists as part of its confirm; if that died, the guard does it.
finish_persisting() { # CONFIRMED-<at>
  nap 0.2
  [ "$(state_of "$NONCE")" = "$1" ] || return
  flock "$TXN_RUN/persisting" /bin/sh "$PROGRAM" '' persist "$NONCE" >/dev/null 2>&1 9>&-
  [ "$(state_of "$NONCE")" = "$1" ] && nap 2
}

release() { [ "$(lock_owner)" = "$NONCE" ] && rm -rf "$RUN/lock"; return 0; }
