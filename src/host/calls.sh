# shellcheck shell=sh
# The awk programs of managers.sh: what a line calls, what a file's lines run, and what a script does.

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
    places = "/(etc|lib|log|share|backups?)/(ip6?tables|nft)"
    wipes_sets = start "ipset([ \t]+(-exist|-quiet|-q|-!))?[ \t]+(flush|destroy|-F|-X|x)[ \t]*([;|&)<>}]|$)"
  }
  function command_of(line) {
    sub(/^[ \t]*#.*/, "", line)
    sub(/[ \t]#.*/, "", line)
    gsub(places, " ", line)
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
  BEGIN { starts = "^[ \t]*ExecStart(Pre|Post)?[ \t]*=" }
  function direct(line) {
    gsub(places, " ", line)
    if (kind == "script" || kind == "file") return line ~ ("^[^#]*" called)
    if (kind == "cron") return line ~ ("^[^#]*(@reboot.*" called "|tables(-legacy|-nft)?-restore)") || resets(line)
    return kind == "unit" && line ~ (starts ".*" called)
  }
  # `words` is what of a line may name programs.
  function runs(line) {
    words = line
    if (line ~ /^[ \t]*#/) return 0
    sub(/[ \t]#.*/, "", words)
    if (kind == "unit") return sub(starts "[ \t]*[-@:+!]*", "", words)
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
  function look(   line, more, adds) {
    is_named = 0
    if (kind == "init" || kind == "daily") tell(kind == "daily" ? "resets" : "calls", "any", file)
    while ((getline line < file) > 0) {
      while (line ~ /\\$/ && (getline more < file) > 0) line = substr(line, 1, length(line) - 1) " " more
      if (direct(line)) {
        adds = kind == "unit" && !resets(line) ? "adds" : "manager"
        if (adds == "manager") break
      } else if (!adds && runs(line)) name_programs(kind == "daily" || kind == "cron" && line !~ /^[ \t]*@reboot/ ? "resets" : "calls")
    }
    if (adds) tell(adds, "any", file)
    close(file)
  }
  BEGIN {
    for (at = 1; at < ARGC; at++) if (ARGV[at] ~ /^\//) { file = ARGV[at]; look() } else kind = ARGV[at]
  }'

# HOW TEXT CALLER PROGRAM..., the first bytes of the programs on standard input: `PROGRAM<tab>CALLER` of those that are
# scripts and call what HOW says.
# shellcheck disable=SC2016
AWK_SCRIPTS='
  function does(how, text, program,   line, left, found) {
    if (text == "script" ? begins[program] !~ /^#!/ : begins[program] ~ /^.ELF/) return 0
    left = 5000
    is_named = 0
    while (!found && left-- > 0 && (getline line < program) > 0) found = (how == "calls") ? calls(line) : resets(line)
    close(program)
    return found
  }
  # Nothing but standard input is read by itself.
  BEGIN { count = ARGC; ARGC = 1 }
  /^==> .* <==$/ { program = substr($0, 5, length($0) - 8); next }
  program != "" { begins[program] = $0; program = "" }
  END {
    for (at = 1; at + 3 < count; at += 4) {
      key = ARGV[at] SUBSEP ARGV[at + 1] SUBSEP ARGV[at + 3]
      if (!(key in done)) done[key] = does(ARGV[at], ARGV[at + 1], ARGV[at + 3])
      if (done[key] && !told[ARGV[at + 3]]++) print ARGV[at + 3] "\t" ARGV[at + 2]
    }
  }'
