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

# see NONCE: sets `state`; 1 where there is none. A rename may hide a file from a listing for a moment, so what
# isn't found is looked for again.
see() {
  looks=0
  while [ "$looks" -lt 100 ]; do
    for state in "$RUN/txn/$1/state"/*; do
      [ -e "$state" ] || continue
      state=${state##*/}
      return 0
    done
    looks=$((looks + 1))
  done
  state=
  return 1
}

# still STATE: the transaction is in it.
still() { [ -e "$TXN_RUN/state/$1" ]; }

# become FROM TO: the one way a state changes.
become() {
  # In a trap bash takes a bare return for the code from before it.
  if mv "$TXN_RUN/state/$1" "$TXN_RUN/state/$2" 2>/dev/null; then log "$1 -> $2"; return 0; fi
  # It can't be renamed at all (/run is read-only): who asks again and again asks slowly.
  ! still "$1" || nap 1
  return 1
}

log() {
  tick
  { printf '%s %s\n' "$now" "$*" >>"$TXN/log"; } 2>/dev/null
  return 0
}

is_final() {
  case $1 in DISARMED-* | ROLLED_BACK-* | PERSISTED-*) return 0 ;; esac
  return 1
}

# A live guard, or a command of one that died, holds the lock on its file. Two who look at once are no guard to each other;
# a guard that begins meanwhile waits for them.
guard_alive() {
  [ -e "$RUN/txn/$1/alive" ] || return 1
  flock -s -n 6 6<"$RUN/txn/$1/alive" || return 0
  has_systemd || return 1
  case $(systemctl show -p ActiveState --value "fleet-guard-$1" 2>/dev/null) in active | activating) return 0 ;; esac
  return 1
}

# at_transaction NONCE: the variables that everything below works with.
at_transaction() {
  NONCE=$1 TXN=$VAR/txn/$1 TXN_RUN=$RUN/txn/$1
  T='' GENERATION='' BASE='' REMOVES=''
  [ -n "$1" ] && [ -d "$TXN_RUN/state" ] && [ -r "$TXN/meta" ] || return 1
  while IFS='=' read -r key value; do
    case $key in confirm_cs) T=$value ;; generation) GENERATION=$value ;; base) BASE=$value ;; removes) REMOVES=$value ;; esac
  done <"$TXN/meta"
  [ -n "$T" ] && [ -n "$GENERATION" ] && [ -n "$BASE" ]
}

verb_guard() { # NONCE SESSION_PID SESSION_START [WORD_TO_SAY]
  at_transaction "$1" || is_there || return 0
  SESSION_PID=$2 SESSION_START=$3
  trap '' HUP INT PIPE
  terminated=
  trap 'terminated=yes' TERM
  { echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null
  guard_until_final 5 "${4:-}" 9<"$TXN_RUN/alive"
}

is_there() { [ -d "$TXN_RUN/state" ]; }

# 1: not final, and it can't go on: whoever started it starts it again. Only a rollback needs nothing of meta.
guard_until_final() { # TRIES_TO_PERSIST [WORD_TO_SAY]
  flock 9
  [ -z "${2:-}" ] || echo "$2"
  persist_tries=$1 begun=
  pin_tools
  while see "$NONCE"; do
    LIMIT='timeout -k 5 20'
    case $state in APPLYING-* | APPLIED-* | ROLLING_BACK-* | STUCK-*) begun=yes ;; *) begun= ;; esac
    case $state in
      ARMED-*) if at_transaction "$NONCE"; then await_session "$state"; else disarm "$state" damaged; fi ;;
      APPLYING-*) take_back "$state" restarted ;;
      APPLIED-*) await_confirm "$state" ;;
      ROLLING_BACK-* | STUCK-*) roll_back "$state" ;;
      CONFIRMED-*)
        at_transaction "$NONCE" || { nap 2; return 1; }
        finish_persisting "$state" || return 0
        ;;
      *) return 0 ;;
    esac
  done
  # Who removes it has not come to its folder yet.
  ! is_there || nap 1
  ! is_there || return 1
  [ -z "$begun" ] || stateless
}

# Somebody took the state away (RUN is gone, or something is mounted over it): nobody can confirm any more, so the old
# rules come back, unless they were confirmed and are on the disk. A change that was forgotten in order has no files either.
stateless() {
  ! cmp -s "$TXN/meta.json" "$GENERATIONS/current/meta.json" || return 0
  tries=0 undone='' landed=''
  while [ -r "$TXN/now.4" ] && [ -r "$TXN/now.6" ]; do
    ! try_back lost || { put_disk_back "$GENERATIONS/staged-$NONCE/kept"; return 0; }
    nap 2
  done
}

# The tools by which the change was armed: the host's choice of them may be another one in the middle of it.
pin_tools() {
  for family in 4 6; do
    backend=
    { read -r backend <"$TXN/backend.$family"; } 2>/dev/null
    case $family in 4) PINNED_4=$backend ;; *) PINNED_6=$backend ;; esac
  done
}

nap() { sleep "$1" 9>&-; }

# A process that ended and that nobody has taken note of yet is gone too: its sockets are closed.
session_gone() {
  [ "$SESSION_PID" != none ] || return 1
  started "$SESSION_PID" || return 0
  [ "$start" != "$SESSION_START" ]
}

# disarm ARMED-<by> WHY
disarm() { become "$1" "DISARMED-$2" && release; }

await_session() { # ARMED-<by>
  until session_gone || [ -e "$TXN_RUN/go-said" ]; do
    still "$1" || return 0
    [ -z "$terminated" ] || { disarm "$1" terminated; return 0; }
    tick
    ! is_past "${1#ARMED-}" 3000 || break
    nap 0.02
  done
  apply "$1"
}

apply() { # ARMED-<by>
  tick
  ! is_past "${1#ARMED-}" 3000 || { disarm "$1" session; return 0; }
  deadline=$((now + T))
  become "$1" "APPLYING-$deadline" || return 0
  begun=yes
  log_to=$TXN/log
  { printf '' >>"$log_to"; } 2>/dev/null || log_to=/dev/null
  why=apply-failed
  if fill_sets >>"$log_to" 2>&1 && sets_stand && run_do >>"$log_to"; then
    why=mismatch
    if holds want now && none_sleeps; then
      tick
      become "APPLYING-$deadline" "APPLIED-$deadline-$now" && return 0
    fi
  fi
  in_time || log 'the time was up before all of it was in force'
  take_back "APPLYING-$deadline" "$why"
}

# in_time: what hangs is ended by the deadline, since nobody looks at the clock meanwhile. 1: the time is up.
in_time() {
  tick
  left=$(((deadline - now + 99) / 100))
  [ "$left" -gt 0 ] || return 1
  [ "$left" -le 20 ] || left=20
  LIMIT="timeout -k 2 $left"
}

# What came goes once nothing is missing.
fill_sets() { restore_sets "$TXN/sets" && restore_sets "$TXN/sets.do"; }
restore_sets() {
  [ -s "$1" ] || return 0
  # shellcheck disable=SC2086
  in_time && $LIMIT ipset restore -exist <"$1"
}

# sets_stand: they hold what is wanted, whatever ipset says of it; else `why` says which doesn't.
sets_stand() { sets_hold "$TXN/sets" || { why=set-$unlike; return 1; }; }

# Nothing to do is an empty file; none at all is damage.
run_do() {
  [ -e "$TXN/do.4" ] && [ -e "$TXN/do.6" ] || return 1
  in_time && load 4 "$TXN/do.4" -w 5 --noflush && still "APPLYING-$deadline" &&
    in_time && load 6 "$TXN/do.6" -w 5 --noflush && in_time
}

holds() { for family in 4 6; do is "$family" "$TXN/$1.$family" "$TXN/$2.$family" || return 1; done; }

await_confirm() { # APPLIED-<deadline>-<at>
  deadline=${1#APPLIED-}
  deadline=${deadline%-*}
  while still "$1"; do
    tick
    left=$((deadline - now))
    [ -z "$terminated" ] || { take_back "$1" terminated; return 0; }
    ! is_past "$deadline" "$T" || { take_back "$1" deadline; return 0; }
    if [ "$left" -lt 25 ]; then nap "0.$((left / 10))$((left % 10))"; else nap 0.25; fi
  done
}

# The controller persists as part of its confirm; if that died or failed, the guard does it, a few times. 1: it
# can't be done now; the next contact tries again.
finish_persisting() { # CONFIRMED-<at>
  flock 6 6<"$TXN_RUN/persisting" 9>&-
  still "$1" || return 0
  [ "$persist_tries" -gt 0 ] || return 1
  persist_tries=$((persist_tries - 1))
  persist_alone 9>&-
  still "$1" || return 0
  [ "$persist_tries" -eq 0 ] || nap 3
}

# What it says goes to a file that was made before: `not persisted` quotes it.
persist_alone() {
  { flock 7 && confirmed_to_persisted >"$TXN_RUN/persist-log" 2>&1; } 7<>"$TXN_RUN/persisting"
}
