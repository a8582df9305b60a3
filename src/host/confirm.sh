# shellcheck shell=sh
# The second connection: what became of it, confirm, persist; and the ways to take it back.

verb_await() { # NONCE
  at_transaction "$1" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce
  until=$(($(uptime_cs) + 3500))
  while :; do
    case $(state_of "$1") in
      ARMED-* | APPLYING-* | ROLLING_BACK-*) [ "$(uptime_cs)" -lt "$until" ] || break ;;
      *) break ;;
    esac
    sleep 0.03
  done
  tell_state
}

# tell_state: the state, and the age of an apply on this host's own clock; the exit code says which it is.
tell_state() {
  state=$(state_of "$NONCE")
  piece state
  printf 'state=%s\nboot_id=%s\nssh_connection=%s\n' "$state" "$(boot_id)" "$SSH"
  case $state in
    APPLIED-*)
      at=${state##*-} deadline=${state#APPLIED-} now=$(uptime_cs)
      printf 'age_ms=%s\nleft_ms=%s\n' "$(((now - at) * 10))" "$(((${deadline%-*} - now) * 10))"
      ;;
  esac
  [ ! -s "$TXN/log" ] || { piece log; tail -n 20 "$TXN/log"; }
  piece end
  case $state in
    ROLLED_BACK-* | DISARMED-*) exit "$EXIT_ROLLED_BACK" ;;
    CONFIRMED-*) exit "$EXIT_NOT_PERSISTED" ;;
    APPLIED-* | PERSISTED-*) exit 0 ;;
  esac
  exit "$EXIT_UNDER_WAY"
}

verb_go() { # NONCE: for a session that could not be found
  at_transaction "$1" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce
  printf '' >"$TXN_RUN/go" && mv "$TXN_RUN/go" "$TXN_RUN/go-said"
  piece end
}

verb_confirm() { # NONCE BOOT_ID
  at_transaction "$1" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce
  [ "$(boot_id)" = "$2" ] || stop "$EXIT_UNKNOWN_NONCE" other-boot
  state=$(state_of "$1")
  case $state in
    APPLIED-*)
      holds want now || stop "$EXIT_CHANGED" rules
      become "$state" "CONFIRMED-$(uptime_cs)" || tell_state
      ;;
    CONFIRMED-* | PERSISTED-*) ;;
    *) tell_state ;;
  esac
  flock "$TXN_RUN/persisting" /bin/sh "$PROGRAM" '' persist "$1" >"$TXN_RUN/persist-log" 2>&1
  case $(state_of "$1") in
    PERSISTED-*) piece persisted; printf 'generation=%s\n' "$(generation_now)"; piece end ;;
    *) stop "$EXIT_NOT_PERSISTED" not-persisted "$(head -c 500 "$TXN_RUN/persist-log" 2>/dev/null)" ;;
  esac
}

# persist NONCE, run alone: from confirmed to booting, rehearsed; also what a restarted guard finishes.
verb_persist() {
  at_transaction "$1" || return 1
  state=$(state_of "$1")
  case $state in CONFIRMED-*) ;; *) return 0 ;; esac
  persist "$GENERATION" || { echo "the generation could not be stored"; return 1; }
  boot_rehearsed || { echo "the boot rehearsal loads something else"; return 1; }
  unit_enabled || systemctl --quiet enable netfilter-persistent || { echo "netfilter-persistent could not be enabled"; return 1; }
  become "$state" "PERSISTED-$(uptime_cs)" || return 1
  drop_sets "$TXN/sets.now" "$TXN/sets"
  prune_generations "$GENERATION"
  release
}

verb_rollback() { # NONCE: asked for, by the controller or at the console
  at_transaction "$1" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce
  state=$(state_of "$1")
  case $state in
    ARMED-*) become "$state" DISARMED-asked && release ;;
    APPLIED-* | APPLYING-*) become "$state" ROLLING_BACK-asked ;;
  esac
  until=$(($(uptime_cs) + 2000))
  while case $(state_of "$1") in APPLYING-* | ROLLING_BACK-*) [ "$(uptime_cs)" -lt "$until" ] ;; *) false ;; esac; do
    guard_alive "$1" || verb_guard "$1" none 0
    sleep 0.05
  done
  tell_state
}

verb_status() { # [NONCE]
  nonce=${1:-$(lock_owner)}
  at_transaction "${nonce:-none}" || stop "$EXIT_UNKNOWN_NONCE" unknown-nonce
  tell_state
}
