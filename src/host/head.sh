# shellcheck shell=sh
# fleet's program on a host. One POSIX shell program, content-addressed, made of the files of this folder in
# the order that program.ts names. It is started as `sh PROGRAM SSH_CONNECTION VERB [ARGUMENT...]`, as root.
#
# Answers go to standard output as pieces: a line `@@MARKER name`, the piece's lines, at last `@@MARKER end`.
# The controller decides by exit codes alone:
#   0 done (also when repeated)   10 rolled back       11 unknown nonce     12 busy
#   13 observation changed        14 does not load     15 storage           16 needs go
#   17 confirmed, not persisted   18 packages failed   19 refused           21 under way: the answer will be another one soon
# and, said by what starts it: 20 program missing         22 not root          23 a tool missing that it needs
#
# How it is written: every spawn costs a millisecond on each of many hosts, so a function that answers with a
# word sets a variable of that name instead of printing it. No redirection stands on a special builtin (dash ends
# there), and nothing relies on `local`, `pipefail` or `set -e`.
set -u
umask 077
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset IFS

PROGRAM=$0
RUN=/run/fleet
VAR=/var/lib/fleet
ETC=/etc/iptables
GENERATIONS=$ETC/fleet
GENERATIONS_GONE=$ETC/.fleet-gone
BLOCKS=$GENERATIONS/blocks
PLUGINS=/usr/share/netfilter-persistent/plugins.d
MARK=${FLEET_MARK:-fleet}
# What stands before a tool that must not hang for good; only the guard can't be ended by its caller.
LIMIT=
NEWLINE='
'

EXIT_ROLLED_BACK=10
EXIT_UNKNOWN_NONCE=11
EXIT_BUSY=12
EXIT_CHANGED=13
EXIT_UNLOADABLE=14
EXIT_STORAGE=15
EXIT_NEEDS_GO=16
EXIT_NOT_PERSISTED=17
EXIT_PACKAGES=18
EXIT_REFUSED=19
EXIT_UNDER_WAY=21

# What nothing here is done without, since nothing would say that it failed: a missing grep finds no other manager, a
# missing ls no generation. Without systemd also setsid, with it what starts the guard.
NEEDS='awk cat chmod cmp cp flock grep head ln ls mkdir mktemp mv readlink rm run-parts sed sha256sum sleep sort sync tail timeout unshare'
# The package step brings these.
INSTALLABLE='ipset iptables iptables-save iptables-restore ip6tables-save ip6tables-restore'

piece() { printf '@@%s %s\n' "$MARK" "$1"; }

# stop CODE WORD [DETAIL]: the last thing a verb says.
stop() {
  piece stop
  printf 'why=%s\n' "$2"
  [ $# -lt 3 ] || printf 'detail=%s\n' "$3"
  piece end
  exit "$1"
}

# show NAME FILE [NAME FILE...]: files as pieces; one that isn't there is an empty piece.
show() {
  awk -v mark="$MARK" 'BEGIN {
    for (i = 1; i + 1 < ARGC; i += 2) {
      print "@@" mark " " ARGV[i]
      while ((getline line < ARGV[i + 1]) > 0) print line
    }
  }' "$@"
}

have() { command -v "$1" >/dev/null 2>&1; }

has_systemd() { [ -d /run/systemd/system ]; }

# find_apart: sets `apart` to what systemd, which would start the guard, and a boot have as another one than this session:
# the network namespace (net), whose rules they are, or a folder. Where the first process can't be looked at nothing is known.
find_apart() {
  apart=
  has_systemd || return 0
  # shellcheck disable=SC3013
  [ ! -e /proc/1/ns/net ] || [ /proc/self/ns/net -ef /proc/1/ns/net ] || { apart=net; return; }
  for place in /run /var/lib /etc; do
    # shellcheck disable=SC3013
    [ ! -e "/proc/1/root$place" ] || [ "$place" -ef "/proc/1/root$place" ] || apart=$place
  done
}

# lacking TOOL...: sets `lacks` to those that aren't there.
lacking() {
  lacks=
  for need; do have "$need" || lacks="$lacks $need"; done
}

# lacking_base: those that no package step brings.
lacking_base() {
  # shellcheck disable=SC2086
  if has_systemd; then lacking $NEEDS systemctl systemd-run; else lacking $NEEDS setsid; fi
}

# tick: sets `now` to the hundredths of a second since boot, suspended time included; clock changes don't matter to it.
# Where that can't be read (what a container sees in its place died) all time is up.
tick() {
  now=
  { read -r now _ </proc/uptime; } 2>/dev/null
  now=${now%.*}${now#*.}
  case $now in '' | *[!0-9]*) now=$NEVER ;; esac
}

NEVER=99999999999999

# is_past BY MOST: the time has come, or it is further away than it ever was: the clock was set back (a container that was
# moved to another machine).
is_past() { [ "$now" -ge "$1" ] || [ "$(($1 - now))" -gt "${2:-$NEVER}" ]; }

# started PID: sets `start`, which with the pid names a process for good, and `parent`.
started() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  parent=$2 start=${20}
  [ "$1" != Z ]
}

# find_run: a container that is started again in place has its kernel's boot id still, and maybe its /run, but none of its
# rules. What /run says is then of another life: this one has a folder of its own.
find_run() {
  { read -r life <"$RUN/life"; } 2>/dev/null && started 1 || return 0
  [ "$life" = "$start" ] || RUN=$RUN/$start
}

begin_life() {
  [ -s "$RUN/life" ] || { started 1 && echo "$start" >"$RUN/life"; } 2>/dev/null || stop "$EXIT_STORAGE" storage "$RUN"
  [ "$RUN" = /run/fleet ] || end_lives
}

# end_lives: what the former ones left.
end_lives() {
  set -- /run/fleet/txn /run/fleet/lock /run/fleet/unstored
  for old in /run/fleet/[0-9]*; do [ "$old" = "$RUN" ] || set -- "$@" "$old"; done
  rm -rf "$@"
}

# which_boot: sets `boot`.
which_boot() { read -r boot </proc/sys/kernel/random/boot_id; }

# tell_uptime: now, and when this host's first process began. A container shares its kernel's clock, and begins later.
tell_uptime() {
  tick
  printf 'uptime_cs=%s\n' "$now"
  ! started 1 || printf 'init_cs=%s\n' "$start"
}

# unpack DIR MANIFEST_HASH [SECONDS]: standard input, a bundle of pieces, becomes files in DIR, and every byte is read
# back against the manifest: an exit code proves nothing (`iptables-save > /dev/full` exits 0).
unpack() {
  # shellcheck disable=SC2016,SC2086
  ${3:+timeout $3} awk -v dir="$1" -v mark="@@$MARK " '
    index($0, mark) == 1 { name = substr($0, length(mark) + 1); if (name == "end") exit; file = dir "/" name; printf "" > file; next }
    file != "" { print > file }' 2>/dev/null
  (cd "$1" 2>/dev/null && { printf '%s  manifest\n' "$2"; cat manifest; } | sha256sum -c >/dev/null 2>&1)
}
