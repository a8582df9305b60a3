# shellcheck shell=sh
# arm: everything is written, read back and tried before the guard starts, and nothing is changed by it.
# Standard input is a bundle: meta now.4 now.6 want.4 want.6 do.4 do.6 undo.4 undo.6 sets sets.now meta.json manifest

make_folders() {
  for folder; do [ -d "$folder" ] || mkdir -p "$folder" 2>/dev/null || return 1; done
}

verb_arm() { # MANIFEST_HASH NONCE SECONDS_TO_SEND [removal]
  lacking_base
  base=$lacks
  # shellcheck disable=SC2086
  lacking $INSTALLABLE
  [ -z "$base$lacks" ] || stop "$EXIT_REFUSED" lacks "$base$lacks"
  # A removal must be possible also where somebody has taken the package out.
  [ "${4:-}" = removal ] || { [ -d "$PLUGINS" ] && have netfilter-persistent; } || stop "$EXIT_REFUSED" lacks netfilter-persistent
  find_apart
  [ -z "$apart" ] || stop "$EXIT_REFUSED" apart "$apart"
  make_folders "$RUN/txn" "$VAR/txn" || stop "$EXIT_STORAGE" storage "$VAR"
  { printf '' >>"$RUN/arming"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  begin_life
  # In a shell of its own: dash and busybox take a function's redirection back before its EXIT trap, and what the trap
  # takes away would be taken from the next one.
  (arm_alone "$2" "$1" "$3") 8<>"$RUN/arming"
}

arm_alone() { # NONCE MANIFEST_HASH SECONDS_TO_SEND
  alone || stop "$EXIT_BUSY" busy arming
  take_over_lock
  # Not before: the program and the files of a change that is going on are needed to take it back.
  prune_transactions
  NONCE=$1 TXN=$VAR/txn/$1 TXN_RUN=$RUN/txn/$1
  if [ -e "$TXN" ] || [ -e "$TXN_RUN" ]; then stop "$EXIT_UNKNOWN_NONCE" nonce-used; fi
  find_session
  trap give_up EXIT
  trap 'exit 1' HUP INT TERM PIPE
  write_transaction "$2" "$3"
  if [ "$generation" -ne "$BASE" ] || { [ -z "$REMOVES" ] && [ "$GENERATION" -le "$newest" ]; }; then stop "$EXIT_CHANGED" generation "$newest"; fi
  keep_before
  keep_members || stop "$EXIT_STORAGE" storage "$TXN"
  sync_files "$TXN"/* "$staged"/[!l]* "$staged"/kept/* "$staged" "$GENERATIONS" 2>/dev/null || stop "$EXIT_STORAGE" storage "$TXN"
  rehearse
  start_guard
  trap - EXIT HUP INT TERM PIPE
  piece armed
  tick
  printf 'load_cs=%s\nuptime_cs=%s\n' "$load_cs" "$now"
  piece end
  [ "$SESSION_PID" != none ] || exit "$EXIT_NEEDS_GO"
  exit 0
}

# sync_files FILE...: also where a removal to nothing has staged none.
sync_files() {
  for file; do
    shift
    case $file in *'/[!l]*') ;; *) set -- "$@" "$file" ;; esac
  done
  sync "$@"
}

# give_up: what arm wrote goes, unless a guard may have begun: then it is the guard's. One rename decides that too.
give_up() {
  if see "$NONCE"; then
    case $state in
      ARMED-*) become "$state" DISARMED-given-up || return 0 ;;
      DISARMED-*) ;;
      *) return 0 ;;
    esac
  fi
  { read_owner "$RUN/lock" && [ "$owner" != "$NONCE" ]; } || rm -rf "$RUN/lock"
  rm -rf "$TXN" "$TXN_RUN" "$GENERATIONS/staged-$NONCE"
}

write_transaction() { # MANIFEST_HASH SECONDS_TO_SEND
  mkdir "$TXN" "$TXN_RUN" "$TXN_RUN/state" "$TXN_RUN/boot" "$RUN/lock" 2>/dev/null || stop "$EXIT_STORAGE" storage "$VAR"
  # As long as the controller itself would wait: one that is gone without a word must not hold the host for hours.
  unpack "$TXN" "$1" "$2" || stop "$EXIT_STORAGE" storage "$TXN"
  ln -s "$TXN/meta" "$RUN/lock/owner" 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  # Whatever is opened after ARMED is there before it.
  for file in "$TXN/log" "$TXN_RUN/alive" "$TXN_RUN/persisting" "$TXN_RUN/go" "$TXN_RUN/xtables.lock" "$TXN_RUN/boot/xtables.lock"; do
    { printf '' >"$file"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "${file%/*}"
  done
  { echo 'nothing was said' >"$TXN_RUN/persist-log"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  at_transaction "$NONCE" || stop "$EXIT_REFUSED" damaged "$TXN"
  await_persister
  read_links
  if [ -n "$REMOVES" ]; then staging=stage_removal; else staging=stage; fi
  place=$GENERATIONS
  "$staging" 2>/dev/null || stop "$EXIT_STORAGE" storage "$place"
  offer_rollback 2>/dev/null || stop "$EXIT_STORAGE" storage "$VAR"
}

# For somebody at the console without a controller.
offer_rollback() {
  { read -r _ && read -r said; } 2>/dev/null <"$VAR/rollback" && [ "$said" = "program=$PROGRAM" ] && return
  {
    echo '#!/bin/sh'
    echo "program=$PROGRAM"
    cat <<'SCRIPT'
# Takes back the change of fleet that is not confirmed yet, if there is one.
/bin/sh "$program" '' rollback "$@" >/dev/null
code=$?
case $code in
  0) echo 'The change was confirmed before: it stays. To go back to earlier rules, apply them with fleet.' ;;
  10) echo 'The old rules are back, or nothing had been changed yet.' ;;
  17) echo 'The change was confirmed: it stays. It is not on the disk yet: the next apply or resume of fleet stores it.' ;;
  11) echo 'There is no change of fleet waiting to be confirmed: nothing to take back.' ;;
  *) echo "Not done yet (exit $code): see the newest folder in /var/lib/fleet/txn, and run this again." ;;
esac
exit "$code"
SCRIPT
  } >"$VAR/rollback" && chmod 700 "$VAR/rollback"
}

# keep_before: both saves as they are now; they must be whole and hold what was observed.
keep_before() {
  for family in 4 6; do
    { which_backend "$family" >"$TXN/backend.$family" && live "$family" >"$TXN/before.$family"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$TXN"
    same_owned "$TXN/now.$family" "$TXN/want.$family" "$TXN/stub.$family" <"$TXN/before.$family" 2>/dev/null
    case $? in
      0) ;;
      1) stop "$EXIT_CHANGED" rules ;;
      *)
        ! grep -qs '^#FAILED\|^# Table .* is inc' "$TXN/before.$family" || stop "$EXIT_CHANGED" rules
        stop "$EXIT_STORAGE" storage "$TXN"
        ;;
    esac
  done
}

# keep_members: the sets of fleet's that are live already, with all that they hold (sets.before): the way back leads there.
# What somebody added to those that stay goes (sets.do).
keep_members() {
  [ -s "$TXN/sets" ] || [ -s "$TXN/sets.now" ] || return 0
  { timeout -k 5 20 ipset save 2>/dev/null || echo '#FAILED'; } | awk -v file="$TXN/sets" -v old="$TXN/sets.now" -v go="$TXN/sets.do" -v before="$TXN/sets.before" "$AWK_PLAIN$AWK_SETS"'
    BEGIN {
      printf "" >go; printf "" >before
      while ((getline <old) > 0) if ($1 == "create") own[$2] = 1
      want_sets(file)
      for (set in mine) own[set] = 1
    }
    /^#FAILED/ { failed = 1 }
    $2 in own { print >before }
    is_added() { print "del " $2 " " $3 >go }
    END { exit failed || close(go) != 0 || close(before) != 0 }'
}

rehearse() {
  # What the files of a damaged generation don't say any more is still live.
  [ -s "$TXN/sets.now" ] || ! grep -qs -- --match-set "$TXN/now.4" "$TXN/now.6" || timeout -k 5 20 ipset save >"$TXN/sets.live" 2>/dev/null
  said=$(in_scratch rehearse-change "$TXN" 2>&1) || stop "$EXIT_UNLOADABLE" transition "$(printf '%s' "$said" | head -c 1000)"
  load_cs=${said##*load_cs=}
}

# The sshd process that this very command hangs from: when it is gone, nothing of the session can be mistaken
# for a new connection. Looked for before it may have broken off: an orphan finds none, and waits for a go in vain.
find_session() {
  SESSION_PID=none SESSION_START=0 pid=$$
  while [ "$pid" -gt 1 ]; do
    { read -r comm <"/proc/$pid/comm"; } 2>/dev/null && started "$pid" || return 0
    case $comm in
      sshd | sshd-session | dropbear)
        SESSION_PID=$pid SESSION_START=$start
        return 0
        ;;
    esac
    pid=$parent
  done
}

start_guard() {
  tick
  [ "$now" -lt "$NEVER" ] || stop "$EXIT_REFUSED" lacks /proc/uptime
  { echo "$now" >"$TXN_RUN/armed" && printf '' >"$TXN_RUN/state/ARMED-$((now + 3000))"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  if has_systemd; then
    said=$(systemd-run --quiet --collect -p Type=exec -p Restart=always -p RestartPreventExitStatus=0 \
      -p StartLimitIntervalSec=0 -p RestartSec=200ms -p KillMode=mixed -p TimeoutStopSec=60s -p OOMScoreAdjust=-1000 \
      --unit="fleet-guard-$NONCE" /bin/sh "$PROGRAM" '' guard "$NONCE" "$SESSION_PID" "$SESSION_START" 2>&1 8>&-) ||
      stop "$EXIT_REFUSED" systemd-run "$(printf '%s' "$said" | head -c 300)"
    return
  fi
  # The first one says when it is there; if it ends before, the pipe does.
  { setsid /bin/sh -c "$KEEPER" "$KEEPER" \
    "$PROGRAM" '' guard "$NONCE" "$SESSION_PID" "$SESSION_START" guarding </dev/null 2>/dev/null 8>&- & } |
    { read -r said && [ "$said" = guarding ]; } || stop "$EXIT_REFUSED" no-guard
}

# Without systemd this shell starts the guard again. One that can't fork any more is ended by that; it becomes itself
# anew, which needs no fork, until there is room for a process.
# shellcheck disable=SC2016
KEEPER='trap "" HUP INT PIPE
trap true TERM
trap "exec /bin/sh -c \"\$0\" \"\$0\" \"\$@\"" EXIT
{ echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null
until /bin/sh "$@"; do sleep 0.2; done
trap - EXIT'

# Transactions of the past stay for a while: they answer "what became of it". So do nonces that were burnt, which have
# no state.
prune_transactions() {
  set -- "$VAR/txn"/*
  [ $# -le 12 ] || prune_old
  set -- "$RUN/txn"/*
  [ $# -le 24 ] || prune_burnt
}

prune_old() {
  who_owns
  # shellcheck disable=SC2012
  ls -t "$VAR/txn" | tail -n +6 | while read -r old; do
    [ "$old" = "$owner" ] || rm -rf "$VAR/txn/${old:?}" "$RUN/txn/${old:?}"
  done
  prune_programs
}

# By their number, since a clock that was set makes all of them old. What a process runs (this one, too) stays, and
# what the console would run. All are listed first: an ls that hasn't ended yet is a process that names them.
prune_programs() {
  # shellcheck disable=SC2012
  programs=$(ls -t "$VAR"/host-*.sh | tail -n +6)
  for old in $programs; do
    grep -qs "[h]ost-${old##*/host-}" "$VAR/rollback" /proc/[0-9]*/cmdline || rm -f "$old"
  done
}

prune_burnt() {
  # shellcheck disable=SC2012
  ls -t "$RUN/txn" | tail -n +6 | while read -r old; do
    [ -d "$RUN/txn/$old/state" ] || rm -rf "$RUN/txn/${old:?}"
  done
}
