# shellcheck shell=sh
# Who holds the host. RUN/lock is a folder with one link, `owner`, to the meta of the change that does.
#
# What was confirmed and could not be put on the disk stands aside for the next change, in RUN/unstored: its rules are
# in force, and its files are their only way to the disk. Once the next one is confirmed itself, it has taken its place.
# If that one ends before, nobody has to give anything back: without a lock the host is held by what stands aside.

# alone, with RUN/arming on 8: the lock under which changes are begun, burnt and forgotten. 1: it takes too long, or
# somebody forgot this host meanwhile, and the lock is that of a file which is gone.
alone() {
  # shellcheck disable=SC3013
  flock -w 10 8 && [ "$RUN/arming" -ef /proc/self/fd/8 ]
}

# who_owns: sets `owner` to the nonce of the change that holds the host, and `held` to the folder by which it does.
who_owns() {
  held=$RUN/lock
  [ -L "$held/owner" ] || held=$RUN/unstored
  read_owner "$held"
}

# A meta that is lost or damaged has its folder's name still.
read_owner() { # FOLDER
  owner=
  [ -L "$1/owner" ] || return 1
  if [ -r "$1/owner" ]; then
    while IFS='=' read -r key value; do
      [ "$key" != nonce ] || owner=$value
    done <"$1/owner"
  fi
  [ -n "$owner" ] || { owner=$(readlink "$1/owner") owner=${owner%/meta} owner=${owner##*/}; }
  [ -n "$owner" ]
}

# say_owner FOLDER, whose `owner` is known.
say_owner() {
  cat "$1/owner" 2>/dev/null || printf 'nonce=%s\n' "$owner"
}

# find_unstored: sets `unstored` to the nonce of the change that is confirmed and not on the disk, whoever holds the
# host. 1: there is none.
find_unstored() {
  unstored=
  for place in lock unstored; do
    { read_owner "$RUN/$place" && see "$owner"; } || continue
    case $state in
      CONFIRMED-*)
        unstored=$owner
        return 0
        ;;
      PERSISTED-*) return 1 ;;
    esac
  done
  return 1
}

# A host held by the living is left to them; what the dead of this boot left is finished first, never stolen.
take_over_lock() {
  state=
  [ ! -d "$RUN/lock" ] || end_lock "$RUN/lock"
  case $state in CONFIRMED-*) return 0 ;; esac
  [ ! -d "$RUN/unstored" ] || end_lock "$RUN/unstored"
}

end_lock() { # FOLDER
  state=
  # Who removes the files of a change that is in force removes the way back too.
  if read_owner "$1" && ! see "$owner" && [ ! -r "$1/owner" ]; then stop "$EXIT_REFUSED" damaged "$VAR/txn"; fi
  if [ -n "$state" ]; then
    dead=$owner
    if ! is_final "$state"; then
      [ -r "$1/owner" ] || stop "$EXIT_REFUSED" damaged "$VAR/txn/$dead"
      guard_alive "$dead" && tell_busy "$1"
      at_transaction "$dead" || stop "$EXIT_REFUSED" damaged "$VAR/txn/$dead"
      finish_for_the_dead
    fi
    # A guard that has decided goes in a moment.
    flock -w 5 6 6<"$RUN/txn/$dead/alive" || tell_busy "$1"
  fi
  case $state in
    CONFIRMED-*) stand_aside || stop "$EXIT_STORAGE" storage "$RUN" ;;
    PERSISTED-*) rm -rf "$RUN/unstored" "$RUN/lock" ;;
    *) rm -rf "$1" ;;
  esac
}

finish_for_the_dead() {
  case $state in
    ARMED-*) become "$state" DISARMED-abandoned ;;
    APPLIED-*) become "$state" ROLLING_BACK-abandoned ;;
  esac
  SESSION_PID=none SESSION_START=0 terminated=
  trap '' HUP INT PIPE
  guard_until_final 1 9<"$TXN_RUN/alive" 8>&-
  trap - HUP INT PIPE
  PINNED_4='' PINNED_6=''
  case $state in ROLLED_BACK-*) stop "$EXIT_CHANGED" rolled-back "$dead" ;; esac
}

tell_busy() { # FOLDER
  piece owner
  say_owner "$1"
  stop "$EXIT_BUSY" busy
}

# Two steps, and between them it still holds the lock.
stand_aside() { [ ! -d "$RUN/lock" ] || { rm -rf "$RUN/unstored" && mv -T "$RUN/lock" "$RUN/unstored"; }; }

# await_persister: who puts on the disk what stands aside looked before whose the host is. From now on nobody begins
# that any more, and what was begun shows as another generation than the observed one.
await_persister() {
  read_owner "$RUN/unstored" || return 0
  flock -w 20 6 6<"$RUN/txn/$owner/persisting" || tell_busy "$RUN/unstored"
}

# supersede: nothing stands aside for what is on the disk.
supersede() {
  read_owner "$RUN/unstored" || return 0
  if [ "$owner" != "$NONCE" ]; then
    drop_sets "$VAR/txn/$owner/sets.now" "$TXN/sets"
    rm -rf "$GENERATIONS/staged-$owner"
  fi
  mv "$RUN/unstored" "$TXN_RUN/superseded"
}

# release: the lock goes in one step, to where it is in nobody's way. What is saved from now on is no longer of this change.
release() {
  who_owns && [ "$owner" = "$NONCE" ] && mv "$held" "$TXN_RUN/released"
  [ ! -L "$GENERATIONS/staged-$NONCE/link" ] || mv -T "$GENERATIONS/staged-$NONCE/link" "$GENERATIONS/staged-$NONCE/over" 2>/dev/null
  return 0
}

# What was staged and comes to nothing any more.
drop_staged() {
  read_owner "$RUN/unstored"
  for old in "$GENERATIONS"/staged-*; do
    [ ! -d "$old" ] || [ "$old" = "$GENERATIONS/staged-$owner" ] || rm -rf "$old"
  done
}
