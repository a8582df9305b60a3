# shellcheck shell=sh
# The second connection: what became of it, confirm, persist; and the ways to take it back.

find_transaction() {
  if ! at_transaction "$1" || ! see "$1"; then stop "$EXIT_UNKNOWN_NONCE" unknown-nonce; fi
}

# find_state: also where what describes the change is lost, which a rollback does without.
find_state() { knows "$1" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce; }
knows() { { at_transaction "$1" || is_there; } && see "$1"; }

verb_await() { # NONCE
  find_state "$1"
  tick
  until=$((now + 3500))
  while :; do
    case $state in
      ARMED-* | APPLYING-* | ROLLING_BACK-*) tick; [ "$now" -lt "$until" ] || break ;;
      *) break ;;
    esac
    sleep 0.03
    see "$NONCE"
  done
  tell_state
}

# tell_state: the state, and the ages of an apply and of who asks on this host's own clock; the exit code says which it is.
tell_state() {
  see "$NONCE"
  which_boot
  tick
  piece state
  printf 'state=%s\nboot_id=%s\nssh_connection=%s\n' "$state" "$boot" "$SSH"
  case $state in
    APPLIED-*)
      at=${state##*-} deadline=${state#APPLIED-}
      printf 'age_ms=%s\nleft_ms=%s\n' "$(((now - at) * 10))" "$(((${deadline%-*} - now) * 10))"
      find_session
      [ "$SESSION_PID" = none ] || printf 'session_ms=%s\n' "$(((now - SESSION_START) * 10))"
      ;;
  esac
  case $state in APPLIED-* | ARMED-*) ;; *) piece log; tail -n 20 "$TXN/log" 2>/dev/null ;; esac
  piece end
  case $state in
    ROLLED_BACK-* | DISARMED-*) exit "$EXIT_ROLLED_BACK" ;;
    CONFIRMED-*) exit "$EXIT_NOT_PERSISTED" ;;
    APPLIED-* | PERSISTED-*) exit 0 ;;
  esac
  exit "$EXIT_UNDER_WAY"
}

verb_go() { # NONCE: for a session that could not be found
  find_transaction "$1"
  [ -e "$TXN_RUN/go-said" ] || mv "$TXN_RUN/go" "$TXN_RUN/go-said"
  piece end
}

verb_confirm() { # NONCE BOOT_ID
  which_boot
  [ "$boot" = "$2" ] || stop "$EXIT_UNKNOWN_NONCE" other-boot
  find_transaction "$1"
  unfit=
  { flock 7 && confirm_alone; } 7<"$TXN_RUN/persisting" || stop "$EXIT_STORAGE" storage "$RUN"
  [ -z "$unfit" ] || verb_rollback "$NONCE"
  see "$NONCE"
  case $state in
    PERSISTED-*)
      piece persisted
      printf 'generation=%s\n' "$GENERATION"
      is_in_force || echo in_force=no
      piece end
      ;;
    *) stop "$EXIT_NOT_PERSISTED" not-persisted "$(head -c 500 "$TXN_RUN/persist-log" 2>/dev/null)" ;;
  esac
}

# is_in_force: somebody may have changed the rules since they were confirmed. Where a later change came, that says what is.
is_in_force() {
  [ -z "$REMOVES" ] && cmp -s "$TXN/meta.json" "$GENERATIONS/current/meta.json" || return 0
  holds want now && sets_stand
}

# The lock under which it is put on the disk is held from the look at the rules on: a guard that can't rename the state
# puts the old rules back under it.
confirm_alone() {
  see "$NONCE"
  case $state in
    APPLIED-*)
      applied=$state
      holds want now || differs
      { sets_stand && none_sleeps; } || { become "$applied" "ROLLING_BACK-$why"; unfit=yes; return 0; }
      deadline=${applied#APPLIED-}
      tick
      # A guard that is slow to wake up makes the time no longer.
      ! is_past "${deadline%-*}" "$T" || { become "$applied" ROLLING_BACK-deadline; unfit=yes; return 0; }
      become "$applied" "CONFIRMED-$now" || not_confirmed
      ;;
    CONFIRMED-* | PERSISTED-*) ;;
    *) tell_state ;;
  esac
  confirmed_to_persisted >"$TXN_RUN/persist-log" 2>&1
  return 0
}

# What can't be renamed (/run is read-only) is as good as not there, and must not be answered as what is in force is.
not_confirmed() {
  ! still "$applied" || stop "$EXIT_STORAGE" storage "$RUN"
  tell_state
}

# Rules that a rollback has begun to take away were not changed by somebody.
differs() {
  still "$applied" || tell_state
  stop "$EXIT_CHANGED" rules
}

# Run alone: from confirmed to booting, rehearsed.
confirmed_to_persisted() {
  see "$NONCE"
  confirmed=$state
  case $confirmed in CONFIRMED-*) ;; *) return 0 ;; esac
  is_the_last || { echo 'another change came after this one'; return 1; }
  if [ -n "$REMOVES" ]; then unpersist || return 1; else store || return 1; fi
  tick
  become "$confirmed" "PERSISTED-$now" || return 1
  drop_sets "$TXN/sets.now" "$TXN/sets"
  [ -n "$REMOVES" ] || prune_generations "$GENERATION"
  supersede
  release
}

# Nobody came after it who died before he had begun.
is_the_last() {
  { who_owns && [ "$owner" = "$NONCE" ]; } && return
  { flock -n 8 && { see "$owner" || rm -rf "$RUN/lock"; }; } 8<"$RUN/arming" && who_owns && [ "$owner" = "$NONCE" ]
}

store() {
  persist || { echo "the generation could not be stored in $GENERATIONS"; return 1; }
  boot_rehearsed || return 1
  unmask
  enable_unit || { echo "netfilter-persistent could not be enabled"; return 1; }
}

# burn NONCE: an arm of that nonce that is still on its way comes too late. One that is at work is waited for; 2: it
# takes too long. 3: there is no room.
burn() {
  case $1 in '' | *[!0-9a-f]*) return 0 ;; esac
  mkdir -p "$RUN/txn"
  { alone || return 2; [ -e "$RUN/txn/$1" ] || mkdir "$RUN/txn/$1" || return 3; } 8<>"$RUN/arming"
} 2>/dev/null

verb_rollback() { # [NONCE]: asked for, by the controller or at the console
  who_owns
  set -- "${1:-$owner}"
  # What is written and has no state yet is being armed.
  knows "$1" || burn "$1"
  case $? in 2) stop "$EXIT_BUSY" busy arming ;; 3) stop "$EXIT_STORAGE" storage "$RUN" ;; esac
  find_state "$1"
  tick
  until=$((now + 2000))
  while see "$NONCE" && tick && [ "$now" -lt "$until" ]; do
    case $state in
      ARMED-*) if become "$state" DISARMED-asked; then release_after_guard; fi ;;
      APPLYING-* | APPLIED-*) become "$state" ROLLING_BACK-asked ;;
      ROLLING_BACK-* | STUCK-*)
        if guard_alive "$NONCE"; then sleep 0.05; else verb_guard "$NONCE" none 0; fi
        ;;
      *) break ;;
    esac
  done
  tell_state
}

# Who looks whose the host is and lets go of it must have `alive`: the next change waits for that, and makes a lock of
# its own then.
release_after_guard() {
  { ! flock -w 5 6 || release; } 6<"$TXN_RUN/alive"
}

verb_status() { # [NONCE]
  who_owns
  find_state "${1:-$owner}"
  tell_state
}
