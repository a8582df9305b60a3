# shellcheck shell=sh
# packages: iptables-persistent and ipset where they're missing. The postinst of netfilter-persistent starts its
# service, which loads whatever old rules lie in /etc/iptables: a lockout that no guard would see. So it is installed
# masked, and stays disabled until persist has rehearsed a boot.

verb_packages() { # SECONDS_TO_WAIT_FOR_DPKG
  have apt-get || stop "$EXIT_REFUSED" lacks apt-get
  mkdir -p "$RUN" 2>/dev/null
  log=$(mktemp "$RUN/packages.XXXXXX" 2>/dev/null) || stop "$EXIT_STORAGE" storage "$RUN"
  trap 'rm -f "$log"' EXIT
  wait_for_dpkg=$1
  simulate || { update && simulate; } || packages_failed not-installable
  ! grep -q '^Remv ' "$log" || stop "$EXIT_REFUSED" would-remove "$(sed -n 's/^Remv \([^ ]*\).*/\1/p' "$log" | tr '\n' ' ')"
  grep -q '^Inst ' "$log" || { piece packages; piece end; exit 0; }
  has_systemd || ! grep -qE '^Inst (iptables|netfilter)-persistent ' "$log" || no_stale_rules
  mask || stop "$EXIT_REFUSED" cannot-mask netfilter-persistent
  trap 'unmask; rm -f "$log"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
  debconf-set-selections >"$log" 2>&1 <<QUESTIONS || packages_failed debconf
iptables-persistent iptables-persistent/autosave_v4 boolean false
iptables-persistent iptables-persistent/autosave_v6 boolean false
QUESTIONS
  apt_get install || packages_failed not-installed
  piece packages
  sed -n 's/^Setting up \([^ ]*\) .*/installed=\1/p' "$log"
  piece end
  exit 0
}

# Without systemd nothing keeps the postinst from loading what lies there.
no_stale_rules() {
  for rules in rules.v4 rules.v6; do [ ! -s "$ETC/$rules" ] || stop "$EXIT_REFUSED" cannot-mask "$ETC/$rules"; done
}

update() { timeout 300 apt-get -q update >"$log" 2>&1 </dev/null; }

apt_get() {
  DEBIAN_FRONTEND=noninteractive timeout 600 apt-get -q -y --no-install-recommends -o "DPkg::Lock::Timeout=$wait_for_dpkg" \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" \
    iptables iptables-persistent netfilter-persistent ipset >"$log" 2>&1 </dev/null
}

simulate() { apt_get --simulate install; }

packages_failed() { stop "$EXIT_PACKAGES" "$1" "$(tail -n 8 "$log" | head -c 1500)"; }

# Masked also for a boot in the middle: the postinst enables the unit, and it must not load anything before a
# persist has rehearsed that. The mark is how a mask of ours is told from the operator's.
mask() {
  has_systemd || return 0
  was_enabled=no
  ! unit_enabled || was_enabled=yes
  mkdir -p "$VAR" && printf '' >"$VAR/masked" && sync "$VAR/masked" "$VAR" && systemctl --quiet mask netfilter-persistent.service 2>/dev/null
}

unmask() {
  [ -e "$VAR/masked" ] || return 0
  [ "${was_enabled:-no}" = yes ] || systemctl --quiet disable netfilter-persistent.service 2>/dev/null
  systemctl --quiet unmask netfilter-persistent.service 2>/dev/null && rm -f "$VAR/masked"
}
