# shellcheck shell=sh
# What else would write or load rules: asked of files where files know, because every spawn costs on every host.

tell_managers() {
  [ -e /etc/ufw/ufw.conf ] && have ufw && grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && echo manager=ufw
  for name in $MANAGERS; do ! is_switched_on || printf 'manager=%s\n' "$name"; done
  tell_callers
}

# Firewalls that come as packages.
MANAGERS='firewalld nftables ferm shorewall shorewall6 shorewall-lite shorewall6-lite firehol arno-iptables-firewall apf-firewall foomuuri uif uruk vuurmuur'

# is_switched_on: `name` was started by hand (systemd keeps a link for what is active) or is enabled. What is masked keeps
# its links, and so does what was removed and not purged: they lead nowhere, or to a script that nobody can run.
is_switched_on() {
  [ ! -L "/run/systemd/units/invocation:$name.service" ] || return 0
  [ ! -c "/etc/systemd/system/$name.service" ] || return 1
  for link in /etc/systemd/system/*.wants/"$name.service"; do [ -e "$link" ] && return; done
  for link in /etc/rc[2-5S].d/S??"$name"; do [ -x "$link" ] && ! has_unit && return; done
  return 1
}

# tell_callers: files that a boot, cron or an interface runs or reads, as far as they call iptables or nft
# (`manager=FILE`), and the scripts that these run, a step away (`manager=SCRIPT<tab>FILE`).
tell_callers() {
  set -- script /etc/network/if-*.d/* /etc/rc.local /etc/NetworkManager/dispatcher.d/* /etc/NetworkManager/dispatcher.d/*.d/* /etc/networkd-dispatcher/*.d/* \
    /var/lib/cloud/scripts/per-boot/* \
    daily /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* \
    init /etc/rc[2-5S].d/S??* \
    file /etc/network/interfaces /etc/network/interfaces.d/* \
    cron /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* \
    unit /etc/systemd/system/*.wants/*.service /etc/systemd/system/*.wants/*.timer /etc/systemd/system/*.requires/*.service /etc/systemd/system/*.service.d/*.conf
  known=' '
  for file; do
    shift
    case $file in /*) is_read || continue ;; *) kind=$file ;; esac
    set -- "$@" "$file"
  done
  # Of words that are split at tabs, none is a pattern.
  set -f
  IFS='	'$NEWLINE
  # shellcheck disable=SC2046
  set -- $(awk "$AWK_CALLS$AWK_CALLERS" "$@" 2>/dev/null)
  set +f
  unset IFS
  follow_callers "$@"
}

# is_read: `file` is one that counts as `kind` has it; it may come to be another one, which stands for it. Programs that
# are known by their names do what they do.
is_read() {
  case $kind-$file in
    # cron passes by other names than these: so scripts are switched off.
    daily-/etc/cron.*ly/*[!A-Za-z0-9_-]* | cron-/etc/cron.d/*[!A-Za-z0-9_-]*) return 1 ;;
    # What stands there counts, and not what the link leads to: a mask, too.
    unit-*.wants/* | unit-*.requires/*)
      own=/etc/systemd/system/${file##*/}
      case $own in
        *.timer) [ ! -c "$own" ] && file=${own%.timer}.service ;;
        *) [ ! -e "$own" ] || file=$own ;;
      esac || return 1
      ;;
  esac
  [ -f "$file" ] || return 1
  name=${file##*/}
  case $kind in
    script | daily) [ -x "$file" ] ;;
    unit) name=${name%.service} && ! is_known_manager ;;
    init) name=${name#S??} && ! is_known_manager && ! has_unit && is_new && file=/etc/init.d/$name && [ -x "$file" ] ;;
  esac
}

# A script of init has a link for each runlevel.
is_new() {
  case $known in *" $name "*) return 1 ;; esac
  known="$known$name "
}

is_known_manager() {
  case $name in netfilter-persistent | fleet-* | ufw) return 0 ;; esac
  case " $MANAGERS " in *" $name "*) return 0 ;; esac
  return 1
}

# systemd runs a script of init only where it has no unit of that name.
has_unit() { has_systemd && { [ -e "/etc/systemd/system/$name.service" ] || [ -e "/lib/systemd/system/$name.service" ]; }; }

# follow_callers [HOW TEXT CALLER PROGRAM]...: HOW is `manager` where the caller itself is one, and `adds` where it is one
# unless a package brought it.
follow_callers() {
  left=$#
  while [ "$left" -gt 0 ]; do
    program=$4
    case $1 in
      manager) printf 'manager=%s\n' "$3" ;;
      adds) is_packaged "$3" || printf 'manager=%s\n' "$3" ;;
      *) find_program && set -- "$@" "$1" "$2" "$3" "$program" ;;
    esac
    shift 4
    left=$((left - 4))
  done
  [ $# -eq 0 ] || begin_programs "$@" | awk "$AWK_CALLS$AWK_SCRIPTS" "$@" 2>/dev/null | while IFS='	' read -r script caller; do
    is_packaged "$script" || printf 'manager=%s\t%s\n' "$script" "$caller"
  done
}

# begin_programs [HOW TEXT CALLER PROGRAM]...: the first bytes of the programs. Whoever reads the first line of a swap file
# or of a disk's image may read all of it.
begin_programs() {
  left=$#
  while [ "$left" -gt 0 ]; do
    set -- "$@" "$4"
    shift 4
    left=$((left - 4))
  done
  head -v -c 4 "$@" 2>/dev/null
}

# find_program: 0 where `program` is a file; a bare name becomes its path. Nothing waits for a pipe.
find_program() {
  case $program in
    /dev/* | /proc/* | /sys/* | "$GENERATIONS"/* | "$VAR"/*) return 1 ;;
    /*) [ -f "$program" ] && return ;;
    *)
      for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
        [ -f "$folder/$program" ] && program=$folder/$program && return
      done
      ;;
  esac
  return 1
}

# is_packaged PROGRAM: what Debian's packages bring (wg-quick, lxc-net) adds rules of its own and leaves those of others;
# what doesn't is known by its name.
is_packaged() {
  real=$(readlink -f "$1") || real=$1
  grep -qsxF -e "$1" -e "/usr$1" -e "${1#/usr}" -e "$real" -e "${real#/usr}" /var/lib/dpkg/info/*.list
}
