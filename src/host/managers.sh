# shellcheck shell=sh
# What else would write or load rules: asked of files where files know, because every spawn costs on every host.

tell_managers() {
  [ -e /etc/ufw/ufw.conf ] && have ufw && grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && echo manager=ufw
  for unit in firewalld nftables ferm shorewall shorewall6 firehol arno-iptables-firewall; do
    # Enabled, or started by hand: systemd keeps a link for what is active.
    for link in /etc/systemd/system/*.wants/"$unit".service /run/systemd/units/invocation:"$unit".service /etc/rc[2-5S].d/S??"$unit"; do
      [ -e "$link" ] || [ -L "$link" ] || continue
      printf 'manager=%s\n' "$unit"
      break
    done
  done
  tell_callers
}

# tell_callers: files that a boot, cron or an interface runs or reads, as far as they call iptables or nft
# (`manager=FILE`), and the scripts that these run, a step away (`manager=SCRIPT<tab>FILE`).
tell_callers() {
  set -- script /etc/network/if-*.d/* /etc/rc.local /etc/NetworkManager/dispatcher.d/* /etc/NetworkManager/dispatcher.d/*.d/* /etc/networkd-dispatcher/*.d/* \
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
    unit-*.timer)
      file=/etc/systemd/system/${file##*/}
      file=${file%.timer}.service
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
  case $name in netfilter-persistent | fleet-* | ufw | firewalld | nftables | ferm | shorewall | shorewall6 | firehol | arno-iptables-firewall) return 0 ;; esac
  return 1
}

# systemd runs a script of init only where it has no unit of that name.
has_unit() { has_systemd && { [ -e "/etc/systemd/system/$name.service" ] || [ -e "/lib/systemd/system/$name.service" ]; }; }

# follow_callers [HOW TEXT CALLER PROGRAM]...: HOW is `manager` where the caller itself is one.
follow_callers() {
  left=$#
  while [ "$left" -gt 0 ]; do
    program=$4
    if [ "$1" = manager ]; then printf 'manager=%s\n' "$3"; else find_program && set -- "$@" "$1" "$2" "$3" "$program"; fi
    shift 4
    left=$((left - 4))
  done
  [ $# -eq 0 ] || awk "$AWK_CALLS$AWK_SCRIPTS" "$@" 2>/dev/null | while IFS='	' read -r script caller; do
    is_packaged "$script" || printf 'manager=%s\t%s\n' "$script" "$caller"
  done
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

# calls(line): iptables, its restore or nft is called there, and not only asked what there is. resets(line): rules that
# were there don't survive it, where `is_named` says that a variable of the script names the tool.
# shellcheck disable=SC2016
AWK_CALLS='
  BEGIN {
    tables = "ip6?tables(-legacy|-nft)?"
    tool = "(" tables "(-restore)?|nft)"
    called = "(^|[^A-Za-z0-9_])" tool "([ \t;<|&]|$)"
    start = "(^|[^A-Za-z0-9_.-])"
    named = start tool "([] \t<|&;:\"'\''`,)}]|$)"
    looked_for = start "((command -v|which|type|hash|-x)[ \t]+[^ \t;|&]+|(apt|apt-get|systemctl|service)[ \t][^;|&]*)"
    before = "([ \t]+(-t[ \t]+[^ \t]+|-w([ \t]+[0-9]+)?|-[nvx]+|--[a-z-]+))*[ \t]+"
    asked = start "(" tables before "(-[a-z]*[LSVC][a-z0-9]*|--list[a-z-]*|--check|--version)"
    asked = asked "|nft([ \t]+-[a-zA-Z-]+)*[ \t]+(list|monitor|describe|-c|--check|-v|--version))"
    rest = "([ \t][^|;&]*)?[ \t]"
    all_of = "(-P|--policy|(-F|--flush)([ \t]*([;|&)<>}]|$)|[ \t]+(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)))"
    wipes = start "(" tables "(-restore|" rest all_of ")|nft" rest "(-f|--file|flush))"
    wipes_sets = start "ipset([ \t]+(-exist|-quiet|-q|-!))?[ \t]+(flush|destroy|-F|-X|x)[ \t]*([;|&)<>}]|$)"
  }
  function command_of(line) {
    sub(/^[ \t]*#.*/, "", line)
    sub(/[ \t]#.*/, "", line)
    gsub(looked_for, " ", line)
    gsub(asked, " ", line)
    return line
  }
  function calls(line) {
    if (line !~ /tables|nft|ipset/) return 0
    line = command_of(line)
    return line ~ named || line ~ wipes_sets
  }
  function resets(line) {
    if (is_named) gsub(/[$][{]?[A-Za-z0-9_]+[}]?/, "iptables", line)
    else if (line ~ /=[^ \t]*ip6?tables["'\''; \t]*$/) is_named = 1
    if (line !~ /tables|nft|ipset/) return 0
    line = command_of(line)
    return line ~ wipes || line ~ wipes_sets
  }'

# KIND FILE...: what each of them calls, and what it runs.
# shellcheck disable=SC2016
AWK_CALLERS='
  function direct(line) {
    if (kind == "script" || kind == "file") return line ~ ("^[^#]*" called)
    if (kind == "cron") return line ~ ("^[^#]*(@reboot.*" called "|tables(-legacy|-nft)?-restore)")
    return kind == "unit" && line ~ ("^ExecStart(Pre|Post)?=.*" called)
  }
  # `words` is what of a line may name programs.
  function runs(line) {
    words = line
    if (line ~ /^[ \t]*#/) return 0
    sub(/[ \t]#.*/, "", words)
    if (kind == "unit") return sub(/^ExecStart(Pre|Post)?=[-@:+!]*/, "", words)
    if (kind == "file") return sub(/^[ \t]*(pre-|post-)?(up|down)[ \t]+/, "", words)
    if (kind == "cron") return words ~ /^[ \t]*[@0-9*]/
    return 1
  }
  function tell(how, text, program) {
    if (!seen[how, text, program]++) print how "\t" text "\t" file "\t" program
  }
  function name_programs(how,   count, word, i, is_sourced, first) {
    count = split(words, word, /[] \t"'\''`;&|<>(){}=,[]+/)
    for (i = 1; i <= count; i++) if (word[i] != "") {
      if (!first) first = i
      if (may_run(word[i], i == first)) tell(how, is_sourced ? "any" : "script", word[i])
      if (word[i] ~ /^(.*\/)?(ba|da|a|k|z|)sh$|^(\.|source)$/) is_sourced = 1
      else if (word[i] !~ /^-/) is_sourced = 0
    }
  }
  # In a script a word without a folder is a program where a line begins with it.
  function may_run(word, is_first) {
    if (word ~ /^(\/usr)?\/bin\/(ba|da|)sh$/) return 0
    if (word ~ /^\//) return word !~ /[$*?]/
    return word ~ /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/ && (is_first || kind !~ /^(script|init|daily)$/)
  }
  function look(   line, more, got) {
    if (kind == "init" || kind == "daily") tell(kind == "daily" ? "resets" : "calls", "any", file)
    while ((getline line < file) > 0) {
      while (line ~ /\\$/ && (getline more < file) > 0) line = substr(line, 1, length(line) - 1) " " more
      if (direct(line)) { tell("manager", "any", file); break }
      if (runs(line)) name_programs(kind == "daily" || kind == "cron" && line !~ /^[ \t]*@reboot/ ? "resets" : "calls")
    }
    close(file)
  }
  BEGIN {
    for (at = 1; at < ARGC; at++) if (ARGV[at] ~ /^\//) { file = ARGV[at]; look() } else kind = ARGV[at]
  }'

# HOW TEXT CALLER PROGRAM...: `PROGRAM<tab>CALLER` of those that are scripts and call what HOW says. A program is read
# only as far as its first line, unless that is one of a script.
# shellcheck disable=SC2016
AWK_SCRIPTS='
  function does(how, text, program,   line, left, is_first, found) {
    left = 5000
    is_first = 1
    is_named = 0
    while (!found && left-- > 0 && (getline line < program) > 0) {
      if (is_first && line !~ /^#!/ && (text == "script" || line ~ /^.ELF/)) break
      is_first = 0
      found = (how == "calls") ? calls(line) : resets(line)
    }
    close(program)
    return found
  }
  BEGIN {
    for (at = 1; at + 3 < ARGC; at += 4) {
      key = ARGV[at] SUBSEP ARGV[at + 1] SUBSEP ARGV[at + 3]
      if (!(key in done)) done[key] = does(ARGV[at], ARGV[at + 1], ARGV[at + 3])
      if (done[key] && !told[ARGV[at + 3]]++) print ARGV[at + 3] "\t" ARGV[at + 2]
    }
  }'
