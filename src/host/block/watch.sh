# shellcheck shell=sh
# What guards the making of the hook. It is named by the file $WORK/pending-ID, whose one rename decides: to done-ID by
# who heard the controller's word, to out-ID by the watcher, which then takes the jumps out again.

verb_watch() { # ID PID START
  trap '' HUP INT PIPE
  echo watching
  tick
  ends=$((now + 2000))
  while [ -e "$WORK/pending-$1" ]; do
    tick
    if [ "$now" -ge "$ends" ] || ! { started "$2" && [ "$start" = "$3" ]; }; then
      mv "$WORK/pending-$1" "$WORK/out-$1" 2>/dev/null || continue
      take_out_for_good
      rm -f "$WORK/out-$1"
    fi
    sleep 0.3
  done
}

take_out_for_good() { until take_out_hook; do sleep 1; done; }

start_watcher() {
  id=$MARK
  { printf '' >"$WORK/pending-$id" && started $$; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$WORK"
  if has_systemd; then
    said=$(systemd-run --quiet --collect -p Type=exec --unit="fleet-block-$id" /bin/sh "$PROGRAM" '' watch "$id" $$ "$start" 2>&1 9>&-) && return
    rm -f "$WORK/pending-$id"
    stop "$EXIT_REFUSED" systemd-run "$(printf '%s' "$said" | head -c 300)"
  fi
  { setsid /bin/sh "$PROGRAM" '' watch "$id" $$ "$start" </dev/null 2>/dev/null 9>&- & } |
    { read -r said && [ "$said" = watching ]; } || { rm -f "$WORK/pending-$id"; stop "$EXIT_REFUSED" no-guard; }
}

# settle_pending: what a run that died left. This one is heard over a session of its own, which proves more than the
# word that the other waited for. A watcher that is at it is waited for.
settle_pending() {
  for old in "$WORK"/pending-* "$WORK"/out-*; do
    case $old in
      *'*') ;;
      *pending-*) mv "$old" "$WORK/done-${old##*-}" 2>/dev/null || settle_out "$WORK/out-${old##*-}" ;;
      *) settle_out "$old" ;;
    esac
  done
  rm_done
}

settle_out() {
  waited=0
  while [ -e "$1" ] && [ "$waited" -lt 50 ]; do sleep 0.2; waited=$((waited + 1)); done
  rm -f "$1"
}

rm_done() {
  for old in "$WORK"/done-*; do [ ! -e "$old" ] || rm -f "$old"; done
}

# guard_hook: makes the hook, and keeps it only if the controller says so over this very session: raw knows no
# connections, so that its word comes through means that others will.
guard_hook() {
  start_watcher
  load_hook || { failed=$(head -c 1000 "$WORK/error"); give_up_hook; stop_unhooked "$failed"; }
  piece "hooked"
  echo "$id"
  if ! timeout 15 grep -qx yes || ! mv "$WORK/pending-$id" "$WORK/done-$id" 2>/dev/null; then
    give_up_hook
    stop "$EXIT_ROLLED_BACK" not-heard
  fi
  rm_done
}

# stop_unhooked ERROR: who holds xtables' lock lets go of it, and it is tried again.
stop_unhooked() {
  case $1 in *'xtables lock'*) stop "$EXIT_BUSY" busy xtables ;; esac
  stop "$EXIT_UNLOADABLE" hook "$1"
}

give_up_hook() {
  if mv "$WORK/pending-$id" "$WORK/out-$id" 2>/dev/null; then
    take_out_for_good
    rm -f "$WORK/out-$id"
  else
    settle_out "$WORK/out-$id"
  fi
}
