# shellcheck shell=sh
# arm: everything is written, read back and tried before the guard starts, and nothing is changed by it.
# Standard input is a bundle: meta now.4 now.6 want.4 want.6 do.4 do.6 undo.4 undo.6 sets sets.now meta.json manifest

verb_arm() { # MANIFEST_HASH NONCE
  have flock || stop "$EXIT_REFUSED" lacks flock
  mkdir -p "$RUN/txn" "$VAR/txn" 2>/dev/null || stop "$EXIT_STORAGE" storage "$VAR"
  touch "$RUN/arming" 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  arm_alone "$2" "$1" 8<>"$RUN/arming"
}

arm_alone() {
  flock -w 10 8 || stop "$EXIT_BUSY" busy arming
  take_over_lock
  NONCE=$1 TXN=$VAR/txn/$1 TXN_RUN=$RUN/txn/$1
  [ ! -e "$TXN" ] || stop "$EXIT_UNKNOWN_NONCE" nonce-used
  trap 'give_up' EXIT
  write_transaction "$2"
  at_transaction "$NONCE"
  [ "$(generation_now)" -eq "$(sed -n 's/^base=//p' "$TXN/meta")" ] || stop "$EXIT_CHANGED" generation "$(generation_now)"
  holds now want || stop "$EXIT_CHANGED" rules
  rehearse
  find_session
  start_guard
  trap - EXIT
  piece armed
  printf 'load_cs=%s\nuptime_cs=%s\n' "$load_cs" "$(uptime_cs)"
  piece end
  [ "$SESSION_PID" != none ] || exit "$EXIT_NEEDS_GO"
}

# A lock held by the living is respected; one left by the dead of this boot is finished first, never stolen.
take_over_lock() {
  prune_transactions
  [ -d "$RUN/lock" ] || return 0
  owner=$(lock_owner)
  if [ -n "$owner" ] && at_transaction "$owner"; then
    if guard_alive "$owner"; then tell_busy; fi
    state=$(state_of "$owner")
    case $state in
      ARMED-*) become "$state" DISARMED-abandoned ;;
      APPLIED-*) become "$state" ROLLING_BACK-abandoned ;;
    esac
    verb_guard "$owner" none 0 8>&-
  fi
  rm -rf "$RUN/lock"
}

tell_busy() {
  piece owner
  cat "$RUN/lock/owner"
  stop "$EXIT_BUSY" busy
}

give_up() {
  rm -rf "$TXN" "$TXN_RUN" "$GENERATIONS/staged" "$RUN/lock"
}

write_transaction() { # MANIFEST_HASH
  mkdir "$TXN" "$TXN_RUN" "$TXN_RUN/state" "$RUN/lock" 2>/dev/null || stop "$EXIT_STORAGE" storage "$VAR"
  unpack "$TXN" "$1" || stop "$EXIT_STORAGE" storage "$TXN"
  cp "$TXN/meta" "$RUN/lock/owner" && cmp -s "$TXN/meta" "$RUN/lock/owner" || stop "$EXIT_STORAGE" storage "$RUN"
  printf '' >"$TXN_RUN/alive" && printf '' >"$TXN_RUN/persisting" && printf '' >"$TXN_RUN/persist-log" && printf '' >"$TXN/log" || stop "$EXIT_STORAGE" storage "$RUN"
  at_transaction "$NONCE"
  stage "$TXN" "$GENERATION" 2>/dev/null || stop "$EXIT_STORAGE" storage "$GENERATIONS"
  console_rollback || stop "$EXIT_STORAGE" storage "$VAR"
  sync "$TXN"/* "$TXN" || stop "$EXIT_STORAGE" storage "$TXN"
}

# For somebody at the console without a controller.
console_rollback() {
  printf '#!/bin/sh\n# Rolls back the change of fleet that is not confirmed yet, if there is one.\nexec /bin/sh %s "" rollback "${1:-%s}"\n' "$PROGRAM" "$NONCE" >"$VAR/rollback" &&
    chmod 700 "$VAR/rollback"
}

rehearse() {
  for family in 4 6; do
    live "$family" | with_stubs "$TXN/now.$family" "$TXN/want.$family" >"$TXN/stub.$family" || stop "$EXIT_CHANGED" rules
  done
  in_scratch rehearse-change "$TXN" >"$TXN/rehearsed" 2>&1 || stop "$EXIT_UNLOADABLE" transition "$(head -c 1000 "$TXN/rehearsed")"
  load_cs=$(sed -n 's/^load_cs=//p' "$TXN/rehearsed")
  rm -f "$TXN/xtables.lock" "$TXN"/stub.*
}

# The sshd process that this very command hangs from: when it is gone, nothing of the session can be mistaken
# for a new connection.
find_session() {
  SESSION_PID=none SESSION_START=0 pid=$$
  while [ "$pid" -gt 1 ]; do
    { read -r comm <"/proc/$pid/comm" && read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 0
    case $comm in
      sshd | sshd-session | dropbear)
        SESSION_PID=$pid SESSION_START=$(started "$pid")
        return
        ;;
    esac
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    pid=$2
  done
}

start_guard() {
  printf '' >"$TXN_RUN/state/ARMED-$(($(uptime_cs) + 3000))" || stop "$EXIT_STORAGE" storage "$RUN"
  if [ -d /run/systemd/system ]; then
    systemd-run --quiet --collect -p Type=exec -p Restart=always -p RestartPreventExitStatus=0 -p StartLimitIntervalSec=0 \
      -p RestartSec=200ms -p KillMode=mixed -p TimeoutStopSec=10s -p OOMScoreAdjust=-1000 --unit="fleet-guard-$NONCE" \
      /bin/sh "$PROGRAM" '' guard "$NONCE" "$SESSION_PID" "$SESSION_START" >"$TXN/started" 2>&1 8>&- ||
      stop "$EXIT_REFUSED" systemd-run "$(head -c 300 "$TXN/started")"
  else
    setsid /bin/sh "$PROGRAM" '' guard "$NONCE" "$SESSION_PID" "$SESSION_START" </dev/null >/dev/null 2>&1 8>&- &
  fi
}

# Transactions of the past stay for a while: they answer "what became of it".
prune_transactions() {
  # shellcheck disable=SC2012
  ls -t "$VAR/txn" 2>/dev/null | tail -n +6 | while read -r old; do
    [ "$old" = "$(lock_owner)" ] || rm -rf "$VAR/txn/${old:?}" "$RUN/txn/${old:?}"
  done
}
