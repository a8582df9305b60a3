#!/bin/sh
# Installs the Debian packages that the tests, the demo and the bench need; quick when they are all there.
# It says in a line what it does, asks nothing, and fails loudly.
set -eu

packages='iptables ipset nftables conntrack iproute2 openssh-server openssh-client debootstrap systemd-container
  shellcheck fish tcsh openssl ansible-core dpkg-dev procps sudo busybox-static util-linux libfaketime curl wget'

say() {
  printf '%s\n' "test packages: $*" >&2
}

fail() {
  say "$*"
  exit 1
}

# A package that is only half installed, or removed with its configuration left, is missing.
missing() {
  for package in $packages; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
  fail "this needs Debian or Ubuntu (apt-get isn't here): the tests start real hosts with Debian's packages"
fi

wanted=$(missing)
if [ -z "$wanted" ]; then
  say 'all there'
  exit 0
fi

[ "$(id -u)" -eq 0 ] || fail "run it as root, or install these yourself: apt-get install $wanted"

install() {
  # Word splitting is meant: the names are a list.
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install $wanted </dev/null
}

# openssh-server starts a daemon where it can. Nobody asked for one on this machine; the hosts run their own.
forbid_services() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 130' INT TERM HUP
}

say "installing $wanted"
log=$(mktemp)
forbid_services
if ! install >"$log" 2>&1; then
  say "that didn't work with the package lists of this machine: fetching new ones"
  apt-get -qq -o DPkg::Lock::Timeout=300 update >>"$log" 2>&1 </dev/null || say 'apt-get update had errors'
  if ! install >>"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "apt-get couldn't install them; its whole output is in $log"
  fi
fi
rm -f "$log"

wanted=$(missing)
[ -z "$wanted" ] || fail "still missing: $wanted"
say 'installed'
