# shellcheck shell=sh
# packages: iptables-persistent and ipset where they're missing. The postinst of netfilter-persistent starts its
# service, which loads whatever old rules lie in /etc/iptables: a lockout that no guard would see. So it is installed
# masked, and, if it wasn't enabled before, stays disabled until persist has rehearsed a boot.

# What apt and debconf say where another program has their files: they are asked again then, since apt itself waits for
# one of its locks only, and an old one for none.
LOCKED='Could not get lock|is locked by another process'
# What dpkg may take, in seconds, once nothing has to be waited for: to end it in the middle leaves a package half done.
INSTALLATION=600

verb_packages() { # SECONDS_TO_WAIT for others that use apt, and for its sources
  have apt-get || stop "$EXIT_REFUSED" lacks apt-get
  open_installing || stop "$EXIT_STORAGE" storage "$RUN"
  # In a shell of its own, as arm is: the lock has to outlast the EXIT trap.
  (install_alone "$1") 5<>"$RUN/installing"
}

# One at a time: the first one to end takes the mask off, and must not do that in the middle of another's dpkg.
install_alone() { # SECONDS_TO_WAIT, with RUN/installing on 5
  tick
  waits_until=$((now + $1 * 100)) complaints=
  flock -w "$1" 5 || stop "$EXIT_PACKAGES" locked "$RUN/installing"
  log=$(mktemp "$RUN/packages.XXXXXX" 2>/dev/null) || stop "$EXIT_STORAGE" storage "$RUN"
  trap 'rm -f "$log"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  fetch || { ! is_locked && update && fetch; } || packages_failed not-installable
  trap 'unmask_alone; rm -f "$log"' EXIT
  mask || stop "$EXIT_REFUSED" cannot-mask netfilter-persistent
  patiently answer || packages_failed debconf
  patiently apt_get "$INSTALLATION" --no-remove install || packages_failed not-installed
  tell_installed
}

tell_installed() {
  # shellcheck disable=SC2086
  lacking $INSTALLABLE
  [ -z "$lacks" ] || stop "$EXIT_REFUSED" still-lacks "$lacks"
  piece packages
  sed -n 's/^Setting up \([^ ]*\) .*/installed=\1/p' "$log"
  piece end
  exit 0
}

# fetch: what apt would do, judged before anything is done, and then the archives.
fetch() {
  patiently apt_get 60 --simulate install || return
  ! grep -q '^Remv ' "$log" || stop "$EXIT_REFUSED" would-remove "$(awk '/^Remv / { printf "%s ", $2 }' "$log")"
  # Also what is there and was never set up.
  grep -qE '^(Inst|Conf) (iptables|netfilter|ipset)' "$log" || { unmask_alone; tell_installed; }
  loads=
  ! grep -qE '^(Inst|Conf) (iptables|netfilter)-persistent ' "$log" || loads=yes
  has_systemd || [ -z "$loads" ] || no_stale_rules
  patiently apt_get 0 --no-remove --download-only install
}

# Without systemd nothing keeps the postinst from loading what lies there.
no_stale_rules() {
  for rules in rules.v4 rules.v6; do [ ! -s "$ETC/$rules" ] || stop "$EXIT_REFUSED" cannot-mask "$ETC/$rules"; done
}

# A source that can't be reached is no failure for some apt, which then doesn't know the packages: all of it is told.
update() {
  complain
  patiently limited 0 apt-get -q update || return
  complain
}

complain() { complaints=$complaints$(grep '^[WE]: ' "$log" | head -c 600)$NEWLINE; }

# patiently COMMAND...: again while another holds a lock.
patiently() {
  until "$@" >"$log" 2>&1 </dev/null; do
    code=$?
    is_locked && time_is_left || return "$code"
    sleep 1
  done
}

is_locked() { grep -qE "$LOCKED" "$log"; }

time_is_left() {
  tick
  left=$(((waits_until - now) / 100))
  [ "$left" -gt 0 ] || { left=1; return 1; }
}

# limited SECONDS_OF_ITS_OWN COMMAND...
limited() {
  time_is_left
  limit=$((left + $1))
  shift
  timeout -k 10 "$limit" "$@"
}

# Without a terminal of apt's own, whoever asks at one there finds none, fails, and doesn't wait.
apt_get() { # SECONDS_OF_ITS_OWN ARGUMENT...
  own=$1
  shift
  limited "$own" apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" \
    iptables iptables-persistent netfilter-persistent ipset
}

answer() {
  debconf-set-selections <<QUESTIONS
iptables-persistent iptables-persistent/autosave_v4 boolean false
iptables-persistent iptables-persistent/autosave_v6 boolean false
QUESTIONS
}

# packages_failed WORD: in the words of whoever failed last, unless it wasn't that.
packages_failed() {
  why=$1
  case $code in 124 | 137) [ "$1" = not-installed ] || why=too-slow ;; esac
  ! is_locked || why=locked
  stop "$EXIT_PACKAGES" "$why" "$complaints$(tail -n 8 "$log" | head -c 1500)"
}

# Masked also for a boot in the middle: the postinst enables the unit, and it must not load anything before a persist
# has rehearsed that. Where it was enabled before, a boot in the middle has to load what it always did: that mask is
# gone with the boot. The mark says which of the two is ours, and tells it from the operator's.
mask() {
  has_systemd && [ -n "$loads" ] || return 0
  forget_debs_mask
  ! is_masked || return 0
  if unit_enabled; then
    ! is_masked_for_now || return 0
    mark yes && systemctl --quiet mask --runtime netfilter-persistent.service 2>/dev/null
  else
    mark no && systemctl --quiet mask netfilter-persistent.service 2>/dev/null && sync /etc/systemd/system
  fi
}

# Debian's own mask, of a package that was removed: its postinst takes it off.
forget_debs_mask() {
  [ ! -e /var/lib/systemd/deb-systemd-helper-masked/netfilter-persistent.service ] ||
    DPKG_MAINTSCRIPT_PACKAGE=netfilter-persistent deb-systemd-helper unmask netfilter-persistent.service >/dev/null 2>&1
}

mark() { # yes|no, whether the unit was enabled
  mkdir -p "$VAR" && echo "$1" >"$VAR/masked.new" && sync "$VAR/masked.new" && mv -T "$VAR/masked.new" "$VAR/masked" && sync "$VAR"
}
